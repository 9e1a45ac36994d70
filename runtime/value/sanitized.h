// POLICY_SANITIZED: whether the address or thread sanitizer is in this build, which maps terabytes,
// keeps freed memory and calls the kernel in its own ways. clang says it otherwise than g++.
#ifndef RUNTIME_VALUE_SANITIZED_H_
#define RUNTIME_VALUE_SANITIZED_H_

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define POLICY_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define POLICY_SANITIZED 1
#endif
#endif
#ifndef POLICY_SANITIZED
#define POLICY_SANITIZED 0
#endif

#endif  // RUNTIME_VALUE_SANITIZED_H_
