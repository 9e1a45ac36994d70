// The command line under measurement: started on a processor of its own, looked at, and ended.
#ifndef BENCH_GATEWAY_PROCESS_H_
#define BENCH_GATEWAY_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace policy::bench {

struct Process {
  pid_t process_id = -1;
  int input = -1;   // we write: its standard input; does not block
  int output = -1;  // we read; waits
};

// Keeps this process, and what it starts from now on, on one processor.
void PinTo(int processor);

// Orphans below this process become its children, so that End sees them.
void AdoptOrphans();

// Ends this program with a message where `command` cannot be started. `processor`: -1 is any.
Process Start(const std::vector<std::string>& command, int processor);

struct Memory {
  std::int64_t resident_kib = 0;
  std::int64_t resident_kib_max = 0;  // since it was started
};
Memory MemoryOf(const Process& process);

// Processor time of all its threads so far, without its children.
std::int64_t ProcessorNanoseconds(const Process& process);

struct Ending {
  int status = 0;         // as shells say it
  bool was_late = false;  // had to be killed
  int left = 0;           // processes that outlived it by two seconds; they are killed
};

// Closes its input and waits until it has ended, and everything that it started too.
Ending End(Process& process);

}  // namespace policy::bench

#endif  // BENCH_GATEWAY_PROCESS_H_
