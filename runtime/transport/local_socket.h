// Unix sockets in a state directory: for its user alone, at both ends.
#ifndef RUNTIME_TRANSPORT_LOCAL_SOCKET_H_
#define RUNTIME_TRANSPORT_LOCAL_SOCKET_H_

#include <sys/types.h>

#include <expected>
#include <string>

#include "runtime/limits/store/state_directory.h"
#include "runtime/transport/descriptor.h"

namespace policy::transport {

inline constexpr char kLeaseSocketName[] = "lease.sock";  // processes lease quota over it

// Listens under `name` in the directory, mode 0600, in place of whoever did before. The socket has
// its name only once it listens.
std::expected<Descriptor, std::string> ListenLocally(const StateDirectory& directory,
                                                     const std::string& name);

// The next connection of the same user; those of others are closed. A closed descriptor: none is
// waiting. `peer`, where it is not null: the process at the other end, as the kernel knows it.
Descriptor AcceptLocally(const Descriptor& listener, pid_t* peer = nullptr);

// A connection, non-blocking. A closed descriptor: nobody listens, or not as this user.
Descriptor ConnectLocally(const StateDirectory& directory, const std::string& name);

// Removes the name of a socket that nobody listens on any more.
void RemoveIfDeserted(const StateDirectory& directory, const std::string& name);

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_LOCAL_SOCKET_H_
