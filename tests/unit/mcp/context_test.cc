// What a call fills beside its arguments, and arguments without a message.
#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "policy/program.h"
#include "runtime/mcp/message.h"
#include "runtime/program/encode.h"
#include "runtime/program/layout.h"

namespace policy::mcp {
namespace {

struct PinTexts {
  const char* tool;
  const char* server;
  const char* annotations;
  const char* category;
  const char* risk;
};

// A program that asks for `paths`, each a root and members.
struct Asking {
  explicit Asking(std::initializer_list<std::vector<std::string>> paths,
                  std::initializer_list<PinTexts> pins = {}, const char* zone = "Europe/Berlin") {
    static const std::map<std::string, format::Root> roots = {
        {"args", format::Root::Args},     {"tool", format::Root::Tool},
        {"grant", format::Root::Grant},   {"claims", format::Root::Claims},
        {"client", format::Root::Client}, {"now", format::Root::Now}};
    Encoder encoder;
    encoder.header.zone = encoder.AddText(zone);
    for (const auto& path : paths) {
      std::uint32_t node = Encoder::RootNode(roots.at(path.front()));
      std::string name = path.front();
      for (std::size_t i = 1; i < path.size(); ++i) {
        node = encoder.AddMember(node, path[i]);
        name += "." + path[i];
      }
      slots[name] = encoder.AddSlot(node);
    }
    for (const PinTexts& pin : pins) {
      encoder.AddPin(pin.tool, pin.server, pin.annotations, pin.category, pin.risk);
    }
    format::Rule rule;
    rule.id = encoder.AddText("/default");
    encoder.rules.push_back(rule);
    encoder.code.push_back({.opcode = Opcode::End});
    auto program = Program::Load(encoder.Finish());
    if (!program) FAIL(program.error().what);
    frame = std::make_unique<Frame>(*program);
  }

  const Value& at(const std::string& path) const { return frame->slot(slots.at(path)); }

  std::map<std::string, std::uint32_t> slots;
  std::unique_ptr<Frame> frame;
};

// 2026-03-01T23:30:00Z, a Sunday, when it is Monday in Berlin.
constexpr std::int64_t kSundayNight = 1'772'407'800'000'000'000;

TEST_CASE("the context fills its slots") {
  Asking asking({{"tool", "name"},
                 {"tool", "server"},
                 {"tool", "annotations", "readOnlyHint"},
                 {"tool", "risk"},
                 {"grant", "id"},
                 {"grant", "label"},
                 {"grant", "tags"},
                 {"grant", "attributes", "team"},
                 {"grant", "id", "x"},
                 {"claims", "sub"},
                 {"claims", "org", "id"},
                 {"client", "name"},
                 {"client", "version"},
                 {"now"},
                 {"now", "hour"},
                 {"now", "minute"},
                 {"now", "weekday"},
                 {"now", "date"}});
  CallContext context;
  context.server = "s";
  context.grant = "g";
  context.grant_tags = R"(["a"])";
  context.grant_attributes = R"({"Team":"x","team":"\u0061"})";
  context.claims = R"({"sub":"u","org":null})";
  context.client_name = "n";
  context.annotations = R"({"readOnlyHint":true})";
  context.now_ns = kSundayNight;
  asking.frame->set_tool("t");
  REQUIRE(FillContext(context, *asking.frame));
  CHECK(asking.at("tool.name").text() == "t");
  CHECK(asking.at("tool.server").text() == "s");
  CHECK(asking.at("tool.annotations.readOnlyHint").boolean);
  CHECK(asking.at("tool.risk").kind == ValueKind::Absent);
  CHECK(asking.at("grant.id").text() == "g");
  CHECK(asking.at("grant.id.x").kind == ValueKind::Broken);
  CHECK(asking.at("grant.label").kind == ValueKind::Absent);
  CHECK(asking.at("grant.tags").kind == ValueKind::List);
  CHECK(asking.at("grant.attributes.team").text() == "a");
  CHECK(asking.at("claims.sub").text() == "u");
  CHECK(asking.at("claims.org.id").kind == ValueKind::Broken);
  CHECK(asking.at("client.name").text() == "n");
  CHECK(asking.at("client.version").kind == ValueKind::Absent);
  CHECK(asking.at("now").kind == ValueKind::Time);
  CHECK(asking.at("now").coefficient == kSundayNight);
  CHECK(asking.at("now.hour").number() == Decimal{0, 0});
  CHECK(asking.at("now.minute").number() == Decimal{3, 1});
  CHECK(asking.at("now.weekday").text() == "Mon");
  CHECK(asking.at("now.date").text() == "2026-03-02");

  // Anew: nothing is left of the first.
  context = {};
  asking.frame->set_tool("u");
  REQUIRE(FillContext(context, *asking.frame));
  CHECK(asking.at("tool.name").text() == "u");
  for (const char* path : {"tool.annotations.readOnlyHint", "grant.tags", "grant.attributes.team",
                           "claims.sub", "claims.org.id", "client.name"}) {
    CAPTURE(path);
    CHECK(asking.at(path).kind == ValueKind::Absent);
  }
}

TEST_CASE("under a lock the tool is what its pin says, whatever the caller says") {
  Asking asking({{"tool", "annotations", "readOnlyHint"}, {"tool", "category"}, {"tool", "risk"}},
                {{"t", "s", R"({"readOnlyHint":true})", "mail", "high"},
                 {"a", "s", "", "", "low"},
                 {"t", "other", R"({"readOnlyHint":false})", "", ""},
                 {"bad", "s", R"({"readOnlyHint":true,"readOnlyHint":false})", "", ""}});
  CallContext context;
  context.annotations = R"({"readOnlyHint":"claimed"})";
  const auto fill = [&](const char* tool, const char* server) {
    context.server = server;
    asking.frame->set_tool(tool);
    return FillContext(context, *asking.frame);
  };
  REQUIRE(fill("t", "s"));
  CHECK(asking.at("tool.annotations.readOnlyHint").kind == ValueKind::Bool);
  CHECK(asking.at("tool.annotations.readOnlyHint").boolean);
  CHECK(asking.at("tool.category").text() == "mail");
  CHECK(asking.at("tool.risk").text() == "high");
  REQUIRE(fill("t", "other"));
  CHECK(asking.at("tool.annotations.readOnlyHint").kind == ValueKind::Bool);
  CHECK_FALSE(asking.at("tool.annotations.readOnlyHint").boolean);
  CHECK(asking.at("tool.category").kind == ValueKind::Absent);
  REQUIRE(fill("a", "s"));
  CHECK(asking.at("tool.annotations.readOnlyHint").kind == ValueKind::Absent);
  CHECK(asking.at("tool.risk").text() == "low");
  for (const char* unpinned : {"b", "", "tt"}) {
    REQUIRE(fill(unpinned, "s"));
    CHECK(asking.at("tool.annotations.readOnlyHint").kind == ValueKind::Absent);
    CHECK(asking.at("tool.risk").kind == ValueKind::Absent);
  }
  CHECK_FALSE(fill("bad", "s"));
}

TEST_CASE("a context that cannot be read strictly fills nothing to go by") {
  struct Row {
    std::string_view CallContext::* text;
    const char* raw;
  };
  const Row rows[] = {{&CallContext::claims, "{"},
                      {&CallContext::claims, "[]"},
                      {&CallContext::claims, "null"},
                      {&CallContext::claims, R"({"sub":1,"sub":2})"},
                      {&CallContext::claims, R"({"sub":"\ud800"})"},
                      {&CallContext::claims, R"({"__proto__":1})"},
                      {&CallContext::claims, "{} x"},
                      {&CallContext::grant_attributes, R"({"a":{"b":1,"b":1}})"},
                      {&CallContext::grant_attributes, "\"x\""},
                      {&CallContext::grant_tags, "{}"},
                      {&CallContext::grant_tags, "[1,]"},
                      {&CallContext::annotations, "[]"},
                      {&CallContext::annotations, "nul"}};
  for (const Row& row : rows) {
    CAPTURE(row.raw);
    Asking asking({{"claims", "sub"},
                   {"grant", "attributes", "a"},
                   {"grant", "tags"},
                   {"tool", "annotations", "a"}});
    CallContext context;
    context.*row.text = row.raw;
    CHECK_FALSE(FillContext(context, *asking.frame));
  }
}

TEST_CASE("arguments without a message are read as strictly") {
  Asking asking({{"args", "amount"}});
  struct Row {
    const char* raw;
    int code;  // 0: accepted
  };
  const Row rows[] = {{"{}", 0},
                      {R"({"amount":5})", 0},
                      {R"({"amount":5)", -32700},
                      {"{}{}", -32700},
                      {R"({}},"id":{})", -32700},
                      {"", -32700},
                      {"[]", -32600},
                      {"null", -32600},
                      {R"({"amount":5,"amount":6})", -32600},
                      {R"({"amount":5,"Amount":6})", -32600},
                      {R"({"Amount":6})", -32600},
                      {R"({"a":{"b":1,"B":1}})", -32600}};
  for (const Row& row : rows) {
    CAPTURE(row.raw);
    const auto filled = FillArguments(row.raw, *asking.frame);
    CHECK(filled.has_value() == (row.code == 0));
    if (!filled) {
      CHECK(filled.error().code == row.code);
      CHECK(asking.at("args.amount").kind == ValueKind::Absent);
    } else {
      CHECK(asking.frame->arguments == row.raw);
      CHECK((asking.at("args.amount").kind == ValueKind::Number) ==
            (std::string_view(row.raw) != "{}"));
    }
  }
}

}  // namespace
}  // namespace policy::mcp
