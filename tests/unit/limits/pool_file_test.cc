#include "runtime/limits/store/pool_file.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "runtime/limits/identity_key.h"
#include "runtime/limits/store/state_directory.h"
#include "tests/unit/limits/temporary_directory.h"

namespace policy {
namespace {

using Durability = PoolFile::Durability;

StateDirectory OpenDirectory(const std::string& path) {
  auto directory = StateDirectory::Open(path);
  REQUIRE(directory.has_value());
  return std::move(*directory);
}

std::string ReadBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteBytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

PoolRecord Record(std::uint32_t cell_id, std::int64_t issued) {
  return {.cell_id = cell_id,
          .name = {.identity = "identity", .scope_key = "key" + std::to_string(cell_id)},
          .epoch_s = 1'772'366'400,
          .issued = issued,
          .low_max = 30,
          .high_max = 50};
}

std::vector<std::int64_t> IssuedIn(const std::string& path, std::string* error = nullptr) {
  std::vector<PoolRecord> records;
  const auto file = PoolFile::Open(OpenDirectory(path), records);
  if (error != nullptr) *error = file ? "" : file.error();
  std::vector<std::int64_t> issued;
  for (const PoolRecord& record : records) issued.push_back(record.issued);
  return issued;
}

TEST_CASE("the last record of each cell counts") {
  const TemporaryDirectory temporary;
  const StateDirectory directory = OpenDirectory(temporary.path());
  std::vector<PoolRecord> records;
  std::uint64_t incarnation = 0;
  {
    auto file = PoolFile::Open(directory, records);
    REQUIRE(file.has_value());
    CHECK(records.empty());
    incarnation = file->incarnation();
    for (const PoolRecord& record : {Record(1, 5), Record(2, 7), Record(1, 11)}) {
      REQUIRE(file->Append(record, Durability::OverPowerLoss));
    }
  }
  {
    auto file = PoolFile::Open(directory, records);
    REQUIRE(file.has_value());
    CHECK(file->incarnation() == incarnation);
    REQUIRE(records.size() == 2);
    CHECK(records[0].name == Record(1, 0).name);
    CHECK(records[0].issued == 11);
    CHECK(records[0].epoch_s == 1'772'366'400);
    CHECK(records[0].low_max == 30);
    CHECK(records[0].high_max == 50);
    CHECK(records[1].issued == 7);
    REQUIRE(file->Append(Record(2, 8), Durability::OverPowerLoss));
    REQUIRE(file->Rewrite(directory, std::vector{Record(2, 8)}, 5));
    REQUIRE(file->Append(Record(3, 1), Durability::OverProcess));
    REQUIRE(file->Append(Record(1, 12), Durability::OverPowerLoss));
  }
  CHECK(IssuedIn(temporary.path()) == std::vector<std::int64_t>{12, 8, 1});
  struct stat status;
  REQUIRE(stat((temporary.path() + "/pool").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("a torn tail is cut off, and anything wrong before the end refuses") {
  const TemporaryDirectory temporary;
  const std::string path = temporary.path() + "/pool";
  std::vector<std::size_t> ends;
  {
    std::vector<PoolRecord> records;
    auto file = PoolFile::Open(OpenDirectory(temporary.path()), records);
    REQUIRE(file.has_value());
    ends.push_back(file->bytes());
    for (std::int64_t i = 1; i <= 4; ++i) {
      REQUIRE(file->Append(Record(1, i), Durability::OverProcess));
      ends.push_back(file->bytes());
    }
  }
  const std::string whole = ReadBytes(path);
  REQUIRE(whole.size() == ends.back());
  const std::size_t header_bytes = ends[0];
  for (std::size_t size = header_bytes; size <= whole.size(); ++size) {
    CAPTURE(size);
    WriteBytes(path, whole.substr(0, size));
    std::string error;
    const std::vector<std::int64_t> issued = IssuedIn(temporary.path(), &error);
    CHECK(error.empty());
    std::int64_t expected = 0;
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (ends[i] <= size) expected = static_cast<std::int64_t>(i);
    }
    CHECK((issued.empty() ? 0 : issued[0]) == expected);
    // A name without its state is whole, and says that nothing is used.
    CHECK(ReadBytes(path).size() <= size);
  }
  WriteBytes(path, whole + std::string(100, '\0'));
  CHECK(IssuedIn(temporary.path()) == std::vector<std::int64_t>{4});
  CHECK(ReadBytes(path) == whole);

  for (std::size_t at = 0; at < ends[3]; ++at) {
    CAPTURE(at);
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x41);
    WriteBytes(path, damaged);
    std::string error;
    const std::vector<std::int64_t> issued = IssuedIn(temporary.path(), &error);
    CHECK(error.find("move it away") != std::string::npos);
  }
}

// Bytes that version 1 of the program wrote, with calls through a real server: 7 for ann, 4 for
// ben, and in a second start 3 for ann, each of 12.50.
TEST_CASE("a file of version 1 is written anew with every count") {
  const TemporaryDirectory temporary;
  const std::string path = temporary.path() + "/pool";
  const std::string old = ReadBytes(LIMITS_FIXTURES "/pool-v1");
  REQUIRE(old.size() == 2611);
  REQUIRE(old[8] == 1);
  WriteBytes(path, old);
  std::uint64_t incarnation = 0;
  for (int round = 0; round < 2; ++round) {
    const StateDirectory directory = OpenDirectory(temporary.path());
    const auto header = PoolFile::Peek(directory);
    REQUIRE((header && *header));
    CHECK((*header)->version == (round == 0 ? 1 : 2));
    std::vector<PoolRecord> records;
    const auto file = PoolFile::Open(directory, records);
    REQUIRE(file.has_value());
    std::map<std::string, std::int64_t> issued;
    for (const PoolRecord& record : records) {
      const auto identity = ParseIdentityKey(record.name.identity);
      REQUIRE(identity.has_value());
      CHECK(identity->attachment == "default\x1Flocal");
      issued[identity->name + (record.name.scope_key.ends_with("ben") ? " ben" : "")] +=
          record.issued;
    }
    CHECK(issued == std::map<std::string, std::int64_t>{{"budget", 14 * 1250},
                                                        {"monthly", 14},
                                                        {"daily", 10},
                                                        {"daily ben", 4},
                                                        {"quick", 14}});
    if (round == 0) incarnation = file->incarnation();
    CHECK(file->incarnation() == incarnation);
    CHECK(file->incarnation() == (*header)->incarnation);
    CHECK(ReadBytes(path)[8] == 2);
    CHECK_FALSE(std::filesystem::exists(temporary.path() + "/pool.new"));
  }
  // Cut off anywhere, it is upgraded to what was whole, and never to more.
  for (std::size_t size = 24; size < old.size(); size += 7) {
    WriteBytes(path, old.substr(0, size));
    std::string error;
    std::int64_t sum = 0;
    for (const std::int64_t some : IssuedIn(temporary.path(), &error)) sum += some;
    CHECK(error.empty());
    CHECK(sum <= 14 * 1250 + 14 + 14 + 14);
  }
}

TEST_CASE("a version that cannot be written anew is refused, and left as it is") {
  const TemporaryDirectory temporary;
  const std::string path = temporary.path() + "/pool";
  const std::string old = ReadBytes(LIMITS_FIXTURES "/pool-v1");
  WriteBytes(path, old);
  std::filesystem::create_directory(temporary.path() + "/pool.new");
  std::string error;
  IssuedIn(temporary.path(), &error);
  CHECK(error.find("version 1 and cannot be written anew") != std::string::npos);
  CHECK(ReadBytes(path) == old);
}

TEST_CASE("a file of a later version is refused, and left as it is") {
  const TemporaryDirectory temporary;
  const std::string path = temporary.path() + "/pool";
  const std::string later = ReadBytes(LIMITS_FIXTURES "/pool-v3");
  WriteBytes(path, later);
  std::string error;
  CHECK(IssuedIn(temporary.path(), &error).empty());
  CHECK(error.find("is of version 3, which a later policyd wrote") != std::string::npos);
  CHECK_FALSE(PoolFile::Peek(OpenDirectory(temporary.path())).has_value());
  CHECK(ReadBytes(path) == later);
}

TEST_CASE("until when windows are forgotten is kept") {
  const TemporaryDirectory temporary;
  const StateDirectory directory = OpenDirectory(temporary.path());
  std::vector<PoolRecord> records;
  {
    auto file = PoolFile::Open(directory, records);
    REQUIRE(file.has_value());
    CHECK(file->forgotten_until_s() == INT64_MIN);
    REQUIRE(file->Rewrite(directory, {}, 1'772'366'400));
    REQUIRE(file->Append(Record(1, 7), Durability::OverPowerLoss));
  }
  const auto file = PoolFile::Open(directory, records);
  REQUIRE(file.has_value());
  CHECK(file->forgotten_until_s() == 1'772'366'400);
  REQUIRE(records.size() == 1);
  CHECK(records[0].issued == 7);
}

TEST_CASE("state directories that others could write to are refused") {
  const TemporaryDirectory temporary;
  const std::string path = temporary.path() + "/a/b";
  CHECK(StateDirectory::Open(path).has_value());
  struct stat status;
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
  CHECK(StateDirectory::Open(path + "/").has_value());

  for (const mode_t mode : {0770U, 0702U, 0777U}) {
    REQUIRE(chmod(path.c_str(), mode) == 0);
    CHECK_FALSE(StateDirectory::Open(path).has_value());
  }
  REQUIRE(chmod(path.c_str(), 0700) == 0);
  const std::string link = temporary.path() + "/link";
  std::filesystem::create_directory_symlink(path, link);
  CHECK_FALSE(StateDirectory::Open(link).has_value());
  CHECK_FALSE(StateDirectory::Open(link + "/").has_value());
  const std::string file = temporary.path() + "/file";
  WriteBytes(file, "x");
  CHECK_FALSE(StateDirectory::Open(file).has_value());
  CHECK_FALSE(StateDirectory::Open("").has_value());

  // A link in place of a file of ours leads nowhere.
  std::filesystem::create_symlink(file, path + "/pool");
  const StateDirectory directory = OpenDirectory(path);
  CHECK_FALSE(directory.OpenFile("pool").has_value());
  REQUIRE(mkfifo((path + "/fifo").c_str(), 0600) == 0);
  CHECK_FALSE(directory.OpenFile("fifo").has_value());
}

TEST_CASE("one process leads") {
  const TemporaryDirectory temporary;
  const StateDirectory directory = OpenDirectory(temporary.path());
  auto lead = directory.TryLead();
  REQUIRE((lead.has_value() && lead->has_value()));
  auto second = directory.TryLead();
  REQUIRE(second.has_value());
  CHECK_FALSE(second->has_value());
  lead->reset();
  second = directory.TryLead();
  CHECK((second.has_value() && second->has_value()));

  auto members = directory.JoinMembers();
  REQUIRE(members.has_value());
  CHECK(StateDirectory::IsAlone(*members));
  auto others = directory.JoinMembers();
  REQUIRE(others.has_value());
  CHECK_FALSE(StateDirectory::IsAlone(*members));
  *others = File();
  CHECK(StateDirectory::IsAlone(*members));
}

TEST_CASE("where state lies by default") {
  using Environment = StateDirectory::Environment;
  CHECK(StateDirectory::DefaultPath({.state_home = "/s", .home = "/h"}) == "/s/policyd");
  CHECK(StateDirectory::DefaultPath({.state_home = "s", .home = "/h"}) ==
        "/h/.local/state/policyd");
  CHECK_FALSE(StateDirectory::DefaultPath(Environment{}).has_value());
  CHECK_FALSE(StateDirectory::DefaultPath({.state_home = "", .home = "h"}).has_value());
}

// From now on this process's fdatasync fails.
bool BreakSynchronisation() {
  std::array<sock_filter, 4> program = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fdatasync, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EIO),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter{.len = program.size(), .filter = program.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

TEST_CASE("after a synchronisation that failed nothing is promised any more") {
  const TemporaryDirectory directory;
  const pid_t child = fork();
  if (child == 0) {
    std::vector<PoolRecord> records;
    const StateDirectory state = OpenDirectory(directory.path());
    auto file = PoolFile::Open(state, records);
    const bool was_well = file && file->Append(Record(1, 1), Durability::OverPowerLoss);
    const bool breaks = BreakSynchronisation();
    const bool is_promised = file->Append(Record(1, 2), Durability::OverPowerLoss) ||
                             file->Append(Record(1, 3), Durability::OverProcess) ||
                             file->Rewrite(state, std::vector{Record(1, 4)}, 5);
    _exit(was_well && breaks && !is_promised ? 0 : 1);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("a full disk promises nothing, and is used again when it has room") {
  const TemporaryDirectory directory;
  std::vector<PoolRecord> records;
  const StateDirectory state = OpenDirectory(directory.path());
  auto file = PoolFile::Open(state, records);
  REQUIRE(file.has_value());
  REQUIRE(file->Append(Record(1, 1), Durability::OverPowerLoss));
  signal(SIGXFSZ, SIG_IGN);
  rlimit room{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &room) == 0);
  rlimit none = room;
  none.rlim_cur = file->bytes() + 5;  // a record is begun and not finished
  REQUIRE(setrlimit(RLIMIT_FSIZE, &none) == 0);
  CHECK_FALSE(file->Append(Record(1, 2), Durability::OverPowerLoss));
  REQUIRE(setrlimit(RLIMIT_FSIZE, &room) == 0);
  CHECK(IssuedIn(directory.path()) == std::vector<std::int64_t>{1});
  CHECK(file->Append(Record(1, 3), Durability::OverPowerLoss));
  CHECK(IssuedIn(directory.path()) == std::vector<std::int64_t>{3});
}

}  // namespace
}  // namespace policy
