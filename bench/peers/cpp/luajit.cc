// LuaJIT in the race: a generated function a tool, called from a loop in Lua. The loop is not
// compiled: its trace would ask one function after another whether it is the one. Requests are read
// by simdjson and handed over as tables.
#include <re2/re2.h>

#include <cstdio>
#include <cstdlib>
#include <lua.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "bench/engines/race.h"
#include "bench/peers/cpp/request.h"

namespace race {
namespace {

// The defaults are for scripts: a policy of many tools has more traces than they have room for.
constexpr char kRoom[] =
    "require('jit.opt').start('maxtrace=60000', 'maxmcode=262144', 'maxside=1000', "
    "'maxrecord=20000')";

// decide(first, count): how many of calls first + 1 … first + count are allowed.
constexpr char kLoop[] = R"(
local tools, calls = ...
local function none() return false end
local function decide(first, count)
  local allowed = 0
  for i = first + 1, first + count do
    local call = calls[i]
    if (tools[call.tool] or none)(call.args) then allowed = allowed + 1 end
  end
  return allowed
end
jit.off(decide)
return decide
)";

using Expressions = std::vector<std::unique_ptr<RE2>>;

// matches(number, text), as the generated functions call it.
int Matches(lua_State* lua) {
  const auto& expressions =
      *static_cast<const Expressions*>(lua_touserdata(lua, lua_upvalueindex(1)));
  const auto number = static_cast<std::size_t>(lua_tointeger(lua, 1));
  std::size_t size = 0;
  const char* text = lua_tolstring(lua, 2, &size);
  lua_pushboolean(lua, RE2::PartialMatch(re2::StringPiece(text, size), *expressions[number]));
  return 1;
}

void Demand(lua_State* lua, int status) {
  if (status == 0) return;
  std::fprintf(stderr, "%s\n", lua_tostring(lua, -1));
  std::exit(2);
}

// A state with the policy loaded: `tools` at stack index 1, `calls` at 2, `decide` at 3.
class Policy {
 public:
  explicit Policy(const std::string& folder) : lua_(luaL_newstate()) {
    CHECK(lua_ != nullptr);
    for (const std::string written :
         nlohmann::json::parse(ReadFile(folder + "/expressions.json"))) {
      expressions_.push_back(std::make_unique<RE2>(written));
    }
    luaL_openlibs(lua_);
    Demand(lua_, luaL_dostring(lua_, kRoom));
    lua_newtable(lua_);  // tools
    lua_newtable(lua_);  // calls
    LoadTools(ReadFile(folder + "/policy.lua"));
    Demand(lua_, luaL_loadstring(lua_, kLoop));
    lua_pushvalue(lua_, 1);
    lua_pushvalue(lua_, 2);
    Demand(lua_, lua_pcall(lua_, 2, 1, 0));
  }
  ~Policy() { lua_close(lua_); }
  Policy(const Policy&) = delete;  // owns the state
  Policy& operator=(const Policy&) = delete;

  lua_State* lua() const { return lua_; }

 private:
  // Chunks end at zero bytes.
  void LoadTools(const std::string& policy) {
    lua_newtable(lua_);  // sets
    const int sets = lua_gettop(lua_);
    lua_pushlightuserdata(lua_, &expressions_);
    lua_pushcclosure(lua_, Matches, 1);
    lua_getglobal(lua_, "string");
    lua_getfield(lua_, -1, "sub");
    for (std::size_t begin = 0; begin < policy.size();) {
      const std::size_t end = std::min(policy.find('\0', begin), policy.size());
      Demand(lua_, luaL_loadbuffer(lua_, policy.data() + begin, end - begin, "policy"));
      lua_pushvalue(lua_, 1);
      lua_pushvalue(lua_, sets);
      lua_pushvalue(lua_, sets + 1);
      lua_pushvalue(lua_, sets + 3);
      Demand(lua_, lua_pcall(lua_, 4, 0, 0));
      begin = end + 1;
    }
    lua_settop(lua_, sets - 1);
  }

  Expressions expressions_;
  lua_State* lua_;
};

class LuaWorker : public Worker {
 public:
  LuaWorker(const std::string& folder, std::span<const std::string> requests) : policy_(folder) {
    for (const std::string& request : requests) requests_.push_back(Padded(request));
    for (std::size_t i = 0; i < requests_.size(); ++i) Put(i);
  }

  std::size_t DecideFilled(std::size_t first, std::size_t count) override {
    lua_State* lua = policy_.lua();
    lua_pushvalue(lua, 3);
    lua_pushinteger(lua, static_cast<lua_Integer>(first));
    lua_pushinteger(lua, static_cast<lua_Integer>(count));
    Demand(lua, lua_pcall(lua, 2, 1, 0));
    const auto allowed = static_cast<std::size_t>(lua_tointeger(lua, -1));
    lua_pop(lua, 1);
    return allowed;
  }

  std::size_t DecideBytes(std::size_t first, std::size_t count) override {
    std::size_t allowed = 0;
    for (std::size_t i = first; i < first + count; ++i) {
      Put(i);
      allowed += DecideFilled(i, 1);
    }
    return allowed;
  }

 private:
  // Reads request `i` into calls[i + 1].
  void Put(std::size_t i) {
    lua_State* lua = policy_.lua();
    lua_createtable(lua, 0, 2);
    const auto take_tool = [lua](std::string_view tool) {
      lua_pushlstring(lua, tool.data(), tool.size());
      lua_setfield(lua, -2, "tool");
      lua_createtable(lua, 0, 8);
    };
    const auto take_argument = [lua](std::string_view name, simdjson::ondemand::value given) {
      lua_pushlstring(lua, name.data(), name.size());
      switch (given.type()) {
        case simdjson::ondemand::json_type::string: {
          const std::string_view text = given.get_string();
          lua_pushlstring(lua, text.data(), text.size());
          break;
        }
        case simdjson::ondemand::json_type::number:
          lua_pushnumber(lua, given.get_double());
          break;
        default:
          lua_pushboolean(lua, given.get_bool());
      }
      lua_rawset(lua, -3);
    };
    ReadRequest(parser_, requests_[i], take_tool, take_argument);
    lua_setfield(lua, -2, "args");
    lua_rawseti(lua, 2, static_cast<int>(i + 1));
  }

  Policy policy_;
  std::vector<std::string> requests_;
  simdjson::ondemand::parser parser_;
};

// A state is one thread's: each worker loads its own. The first shows what that takes.
class LuaEngine : public Engine {
 public:
  explicit LuaEngine(const std::string& folder) : folder_(folder), loaded_(folder) {}
  std::unique_ptr<Worker> MakeWorker(std::span<const std::string> requests) override {
    return std::make_unique<LuaWorker>(folder_, requests);
  }

 private:
  std::string folder_;
  Policy loaded_;
};

}  // namespace
}  // namespace race

int main(int argc, char** argv) {
  return race::Run(argc, argv, [](const std::string&, const std::string& folder) {
    return std::make_unique<race::LuaEngine>(folder);
  });
}
