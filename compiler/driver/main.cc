// policyc: the compiler of policies, from the command line.
#include <unistd.h>

#include <chrono>
#include <iostream>

#include "compiler/driver/command.h"
#include "compiler/driver/disk_files.h"

int main(int argc, char** argv) {
  policy::DiskFiles files;
  policy::DriverEnv env{.in = std::cin,
                        .out = std::cout,
                        .err = std::cerr,
                        .files = files,
                        .err_is_terminal = isatty(STDERR_FILENO) != 0,
                        .out_is_terminal = isatty(STDOUT_FILENO) != 0,
                        .now_ns = [] {
                          const auto now = std::chrono::system_clock::now().time_since_epoch();
                          return std::chrono::nanoseconds(now).count();
                        }};
  return policy::RunDriver(argc, argv, env);
}
