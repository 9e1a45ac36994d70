// What one connection, message and stream over HTTP may be, at most. Every limit refuses, or cuts
// who exceeds it; none is silent.
#ifndef RUNTIME_TRANSPORT_HTTP_HTTP_LIMITS_H_
#define RUNTIME_TRANSPORT_HTTP_HTTP_LIMITS_H_

#include <chrono>
#include <cstddef>

namespace policy::transport {

inline constexpr std::size_t kHeadBytesMax = std::size_t{32} << 10;  // first line and all headers
inline constexpr std::size_t kHeadersMax = 100;
inline constexpr std::size_t kBodyBytesMax = std::size_t{8} << 20;
inline constexpr std::size_t kChunkLineBytesMax = 256;  // a chunk's size with its extensions
inline constexpr std::size_t kTrailerBytesMax = 8192;   // read, and dropped
inline constexpr std::size_t kHttpReadBytesMax = std::size_t{64} << 10;  // one read

// A server reads ahead of the request that is being answered, at most this.
inline constexpr std::size_t kPipelinedBytesMax = std::size_t{64} << 10;
// From here on the client of a stream is too slow, and cut. One write may go past it.
inline constexpr std::size_t kStreamQueueBytesMax = std::size_t{1} << 20;
// Bodies up to this size are not counted against the budget that all connections share.
inline constexpr std::size_t kUncountedBodyBytes = std::size_t{64} << 10;
inline constexpr std::size_t kBodyBudgetBytes = std::size_t{256} << 20;
inline constexpr std::size_t kServerConnectionsMax = 16'384;

inline constexpr std::chrono::milliseconds kIdleTimeout{75'000};   // between two requests
inline constexpr std::chrono::milliseconds kHeadTimeout{10'000};   // first byte to last; handshake
inline constexpr std::chrono::milliseconds kBodyTimeout{30'000};   // end of head to end of body
inline constexpr std::chrono::milliseconds kWriteTimeout{30'000};  // not one byte was taken
inline constexpr std::chrono::milliseconds kLingerTimeout{
    2'000};  // after an answer to half a request

inline constexpr std::chrono::milliseconds kConnectTimeout{5'000};  // name, TCP and TLS together
inline constexpr std::chrono::milliseconds kFirstByteTimeout{60'000};
inline constexpr std::chrono::milliseconds kPoolTimeout{
    60'000};                                                 // less than servers' idle timeouts
inline constexpr std::size_t kClientConnectionsMax = 1'024;  // of one upstream, streams included
inline constexpr std::size_t kWaitingCallsMax = 4'096;       // calls that wait for a connection

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_HTTP_HTTP_LIMITS_H_
