/* Deciding calls of MCP tools from C, and from whatever calls C: libpolicy.
 *
 *   policy_error* error = NULL;
 *   policy_program* program = policy_program_load_file("policy.pbc", &error);
 *   policy_counters* counters = policy_counters_new();
 *   policy_evaluator* evaluator = policy_evaluator_new(program, counters, "default/local");
 *   policy_decision* decision = policy_decision_new();
 *   policy_context context = POLICY_CONTEXT_INIT;
 *   context.grant = policy_text_of("agent-1");
 *   if (policy_decide(evaluator, request, request_size, &context, decision) == POLICY_ALLOW) {
 *     ...the call is done...
 *     policy_decision_settle(decision, POLICY_COMMIT);
 *   }
 *
 * Whatever goes wrong is a deny: a null handle, bytes that cannot be read, memory that is not
 * there. No function throws, and none ends the process but on a defect of the library itself.
 *
 * Handles are opaque. Each is freed once, by the function of its kind, which does nothing with
 * NULL; in any order: what a handle needs of another, it keeps. Texts that are returned belong to
 * the handle they were asked of.
 *
 * Threads: programs and counters may be used by any number of threads at once. An evaluator, a
 * decision and an error belong to one thread at a time; give each thread an evaluator of its own
 * over the same counters.
 *
 * Versions: functions and constants are never removed or changed within a POLICY_ABI_VERSION.
 * Structures grow at their end only, and begin with their size as the caller was compiled
 * (POLICY_..._INIT sets it), so that a caller and a library of different ages understand each
 * other.
 */
#ifndef POLICY_POLICY_H_
#define POLICY_POLICY_H_

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define POLICY_API __attribute__((visibility("default")))
#else
#define POLICY_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* C has no other words for these: NOLINTBEGIN(modernize-*) */

#define POLICY_ABI_VERSION 1

/* The POLICY_ABI_VERSION of the library that runs. */
POLICY_API uint32_t policy_abi_version(void);

/* Bytes that are not ended by a zero. A null `data` is an absent text. */
typedef struct policy_text {
  const char* data;
  size_t size;
} policy_text;

/* The text of a C string; NULL is absent. */
static inline policy_text policy_text_of(const char* string) {
  policy_text text;
  text.data = string;
  text.size = string == NULL ? 0 : strlen(string);
  return text;
}

/* Why something failed. */
typedef struct policy_error policy_error;
/* One or more lines, ended by a zero; for a policy that does not compile, its diagnostics. */
POLICY_API const char* policy_error_text(const policy_error* error);
POLICY_API void policy_error_free(policy_error* error);

/* A verified decision program, immutable. */
typedef struct policy_program policy_program;

/* Copies and verifies `size` bytes, as `policyc compile` writes them. Any bytes are safe to give.
 * NULL on failure; then *error says why, and the caller frees it. `error` may be NULL. */
POLICY_API policy_program* policy_program_load(const void* bytes, size_t size,
                                               policy_error** error);
/* The same with the bytes of a file. */
POLICY_API policy_program* policy_program_load_file(const char* path, policy_error** error);
/* The program of a policy's text. `name` is what diagnostics call it, and tells the form: the text
 * form's ends with `.policy`, what begins with `{` or ends with `.json` is policy.json. A policy
 * that names other files is refused. Warnings are not told. */
POLICY_API policy_program* policy_program_compile(const char* name, const char* text, size_t size,
                                                  policy_error** error);
/* The first 12 hex digits of the program's hash, ended by a zero: the policy's version in logs. */
POLICY_API const char* policy_program_version(const policy_program* program);
/* 1 where tools/list of `server` must not show `tool`, else 0. NULL hides everything. */
POLICY_API int policy_program_hides(const policy_program* program, policy_text tool,
                                    policy_text server);
POLICY_API void policy_program_free(policy_program* program);

/* The counters of a process, in its memory. Evaluators of one attachment share what is used. */
typedef struct policy_counters policy_counters;
POLICY_API policy_counters* policy_counters_new(void); /* NULL: no memory */
POLICY_API void policy_counters_free(policy_counters* counters);

/* Decides calls under one program. `attachment` names what the policy is attached to, as
 * "server/grant": it is part of the identity of the counters. A program that is exchanged for its
 * next version keeps what was used if counters and attachment are the same. */
typedef struct policy_evaluator policy_evaluator;
/* NULL: a handle or the attachment was null, or there is no memory. */
POLICY_API policy_evaluator* policy_evaluator_new(const policy_program* program,
                                                  policy_counters* counters,
                                                  const char* attachment);
POLICY_API void policy_evaluator_free(policy_evaluator* evaluator);

/* Who calls, where and when. An absent text is the default that is named, or is absent to the
 * policy too. JSON texts that cannot be read strictly deny the call where the policy asks for them.
 */
typedef struct policy_context {
  size_t struct_size; /* sizeof(policy_context) */
  policy_text server; /* "default" */
  policy_text grant;  /* "local" */
  policy_text grant_label;
  policy_text grant_tags;       /* a JSON list of strings */
  policy_text grant_attributes; /* a JSON object */
  policy_text session;          /* the identity of the session */
  policy_text claims;           /* a JSON object: verified claims */
  policy_text client_name;      /* what the request says of its client, if it does */
  policy_text client_version;
  policy_text annotations; /* a JSON object: the reviewed annotations of the tool */
  int64_t now_ns;          /* nanoseconds since the Unix epoch; 0: the machine's clock is read */
} policy_context;

#define POLICY_TEXT_ABSENT {NULL, 0}
#define POLICY_CONTEXT_INIT                                                            \
  {sizeof(policy_context), POLICY_TEXT_ABSENT, POLICY_TEXT_ABSENT, POLICY_TEXT_ABSENT, \
   POLICY_TEXT_ABSENT,     POLICY_TEXT_ABSENT, POLICY_TEXT_ABSENT, POLICY_TEXT_ABSENT, \
   POLICY_TEXT_ABSENT,     POLICY_TEXT_ABSENT, POLICY_TEXT_ABSENT, 0}

typedef enum policy_outcome {
  POLICY_DENY = 0,
  POLICY_ALLOW = 1,
  POLICY_APPROVAL = 2, /* a person must release it; nothing was charged */
  POLICY_LIMITED = 3   /* a counter has no room; nothing was charged */
} policy_outcome;

typedef enum policy_settlement {
  POLICY_COMMIT = 0,       /* answered with success, or sent and its outcome unknown */
  POLICY_COMMIT_ERROR = 1, /* answered with an error: what is refunded on errors is given back */
  POLICY_VOID = 2          /* not one byte was sent: everything is given back */
} policy_settlement;

/* What was decided, and the charges it holds until it is settled. Reused from call to call. */
typedef struct policy_decision policy_decision;
POLICY_API policy_decision* policy_decision_new(void); /* NULL: no memory */
/* Voids charges that are not settled. */
POLICY_API void policy_decision_free(policy_decision* decision);

/* Decides one JSON-RPC tools/call request, and takes its charges where it is allowed. Only
 * POLICY_ALLOW admits the call. `decision` first voids what it still holds. `context` may be NULL:
 * every default. What is no strict tools/call request is a deny without rules. */
POLICY_API policy_outcome policy_decide(policy_evaluator* evaluator, const char* request,
                                        size_t size, const policy_context* context,
                                        policy_decision* decision);

/* Settles the charges of an allowed call, once: later calls, and calls that hold none, do nothing.
 */
POLICY_API void policy_decision_settle(policy_decision* decision, policy_settlement settlement);

/* Of the last decision; of none: a deny with no message. */
POLICY_API policy_outcome policy_decision_outcome(const policy_decision* decision);
/* For the agent, without the [POLICY ...] prefix; empty for an allow. */
POLICY_API policy_text policy_decision_message(const policy_decision* decision);
/* Limited: milliseconds until waiting may help; -1: it does not, or the call is not limited. */
POLICY_API int64_t policy_decision_retry_after_ms(const policy_decision* decision);
/* Approval: who releases it, and how long a release lasts. */
POLICY_API policy_text policy_decision_approval_group(const policy_decision* decision);
POLICY_API uint32_t policy_decision_approval_within_seconds(const policy_decision* decision);

/* A rule that took part, in the order of the policy. */
typedef struct policy_rule {
  size_t struct_size; /* sizeof(policy_rule) */
  policy_text id;     /* "/tools/create_refund/deny_if/0" */
  policy_text file;
  uint32_t line;
} policy_rule;
#define POLICY_RULE_INIT {sizeof(policy_rule), POLICY_TEXT_ABSENT, POLICY_TEXT_ABSENT, 0}
POLICY_API size_t policy_decision_rule_count(const policy_decision* decision);
/* 1, or 0 with `rule` unchanged where there is no such rule. */
POLICY_API int policy_decision_rule(const policy_decision* decision, size_t index,
                                    policy_rule* rule);

/* How a limit that applied stands after the decision; amounts are at its counter's scale. */
typedef struct policy_quota {
  size_t struct_size; /* sizeof(policy_quota) */
  policy_text rule;   /* the limit's id */
  int64_t max;
  int64_t used; /* with the charges of this call where it was allowed */
  int64_t remaining;
  int64_t window_end_ms;  /* Unix time; -1: it never ends */
  int64_t retry_after_ms; /* -1: none */
  int32_t is_short;       /* 1: this limit had no room */
  int32_t retryable;      /* 0: waiting does not help */
} policy_quota;
#define POLICY_QUOTA_INIT {sizeof(policy_quota), POLICY_TEXT_ABSENT, 0, 0, 0, 0, 0, 0, 0}
POLICY_API size_t policy_decision_quota_count(const policy_decision* decision);
/* 1, or 0 with `quota` unchanged where there is no such limit. */
POLICY_API int policy_decision_quota(const policy_decision* decision, size_t index,
                                     policy_quota* quota);

/* NOLINTEND(modernize-*) */

#ifdef __cplusplus
}
#endif

#endif /* POLICY_POLICY_H_ */
