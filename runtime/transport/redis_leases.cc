#include "runtime/transport/redis_leases.h"

#include <sys/random.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <utility>

#include "policy/check.h"
#include "runtime/limits/identity_key.h"
#include "runtime/limits/store/flow_ledger.h"
#include "runtime/limits/wire.h"

namespace policy::transport {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kNanosecondsPerMillisecond = 1'000'000;
constexpr std::int64_t kTroubleIntervalNanoseconds = 10'000'000'000;
constexpr milliseconds kDialIntervalFirst(10);
constexpr milliseconds kDialIntervalMax(500);
constexpr milliseconds kFinishTimeout(500);
// How long a window may be waited for that the server has not begun.
constexpr std::int64_t kEarlyMillisecondsMax = 900;
constexpr int kTriesMax = 4;

std::uint64_t Random64() {
  std::uint64_t value = 0;
  do {
    CHECK(getrandom(&value, sizeof(value), 0) == sizeof(value));
  } while (value == 0);
  return value;
}

std::string Hex(std::uint64_t value) {
  std::array<char, 17> text;
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value));
  return text.data();
}

std::optional<std::uint64_t> FromHex(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> ToNumber(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string EndText(const Window& window) {
  return window.end_s == kNoEnd ? "never" : std::to_string(window.end_s);
}

// The value of a line `name:value` of INFO.
std::string_view InfoField(std::string_view info, std::string_view name) {
  while (!info.empty()) {
    const std::size_t end = info.find("\r\n");
    const std::string_view line = info.substr(0, end);
    if (line.starts_with(name) && line.substr(name.size()).starts_with(':')) {
      return line.substr(name.size() + 1);
    }
    if (end == std::string_view::npos) break;
    info.remove_prefix(end + 2);
  }
  return {};
}

// Errors after which another server, or the same one later, may answer.
bool IsOfServer(std::string_view error) {
  constexpr std::array<std::string_view, 7> kCodes = {
      "READONLY", "NOSCRIPT", "LOADING", "MASTERDOWN", "CLUSTERDOWN", "MOVED", "UNKILLABLE"};
  return std::ranges::any_of(kCodes,
                             [&](std::string_view code) { return error.starts_with(code); });
}

std::int64_t Bounded(std::int64_t amount) { return std::min(amount, kRedisAmountMax); }

std::int64_t NanosecondsOf(std::int64_t microseconds) {
  return std::clamp<std::int64_t>(microseconds, 0, INT64_MAX / 1'000) * 1'000;
}

std::string Microseconds(std::int64_t nanoseconds) { return std::to_string(nanoseconds / 1'000); }

std::string WindowMicroseconds(std::uint32_t window_seconds) {
  return std::to_string(window_seconds * std::int64_t{1'000'000});
}

// How many parts a sliding window has in the pool; "0": a bucket has none.
std::string Parts(CounterKind kind, std::uint32_t window_seconds) {
  return kind == CounterKind::Sliding ? std::to_string(SlidingPartsOf(window_seconds)) : "0";
}

std::string_view TakeWord(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

}  // namespace

std::expected<LeaseUpstream::Make, std::string> RedisLeases::Prepare(Options options) {
  std::shared_ptr<const TlsClient> tls;
  if (options.address.has_tls) {
    auto made = TlsClient::Make({.ca_path = options.ca_path});
    if (!made) return std::unexpected("--store: " + made.error());
    tls = std::make_shared<const TlsClient>(std::move(*made));
  }
  return [options = std::move(options), tls](Surroundings surroundings) {
    return std::make_unique<RedisLeases>(options, tls, std::move(surroundings));
  };
}

RedisLeases::RedisLeases(Options options, std::shared_ptr<const TlsClient> tls,
                         Surroundings surroundings)
    : options_(std::move(options)),
      tls_(std::move(tls)),
      surroundings_(std::move(surroundings)),
      replica_(Hex(Random64())) {
  surroundings_.counters.set_leases_end();
}

RedisLeases::~RedisLeases() = default;

void RedisLeases::Begin() {
  dial_timer_ = 0;
  const std::vector<RedisNode>& nodes = options_.address.nodes;
  const RedisNode& node = nodes[attempts_ % nodes.size()];
  Dial(node, options_.address.master.empty() ? &RedisLeases::Greet : &RedisLeases::AskSentinel);
}

// Connects to `node` and goes on with `begin`. Whatever goes wrong ends in Lose.
void RedisLeases::Dial(const RedisNode& node, void (RedisLeases::*begin)()) {
  awaits_beat_ = false;
  if (beat_timer_ == 0) Beat();
  const std::size_t attempt = attempts_ / options_.address.nodes.size();
  dial_ = std::make_unique<RedisDial>(
      surroundings_.loop, node, attempt,
      [this, node, begin](std::expected<Descriptor, std::string> socket) {
        if (!socket) return Lose(socket.error());
        TlsSession session;
        if (tls_ != nullptr) {
          session = tls_->Connect(*socket, node.host);
          if (session == nullptr) return Lose("TLS cannot begin with " + node.host);
        }
        const std::string name = node.port.empty() ? node.host : node.host + ":" + node.port;
        connection_ = std::make_unique<RedisConnection>(
            surroundings_.loop, std::move(*socket), std::move(session),
            RedisConnection::Events{
                .on_push = [this](const RespValue& push) { HearPush(push); },
                .on_closed = [this, name](const std::string& why) { Lose(name + ": " + why); }});
        (this->*begin)();
        connection_->Flush();
      });
}

void RedisLeases::AskSentinel() {
  const std::vector<std::string> words = {"SENTINEL", "get-master-addr-by-name",
                                          options_.address.master};
  connection_->Send(words, [this](const RespValue& master) {
    if (master.items.size() != 2) {
      return connection_->Close("the sentinel knows no master `" + options_.address.master + "`");
    }
    const RedisNode node{.host = master.items[0].text, .port = master.items[1].text};
    // Not from inside the connection that is replaced.
    surroundings_.loop.After(milliseconds(0), [this, node, term = term_] {
      if (term != term_) return;
      connection_.reset();
      Dial(node, &RedisLeases::Greet);
    });
  });
}

void RedisLeases::Greet() {
  const auto must_succeed = [this](const RespValue& reply) {
    if (reply.is_error()) connection_->Close(reply.text);
  };
  std::vector<std::string> hello = {"HELLO", "3"};
  if (!options_.password.empty()) {
    const std::string& user = options_.address.user;
    hello.insert(hello.end(), {"AUTH", user.empty() ? "default" : user, options_.password});
  }
  connection_->Send(hello, must_succeed);
  if (options_.address.database != 0) {
    const std::vector<std::string> select = {"SELECT", std::to_string(options_.address.database)};
    connection_->Send(select, must_succeed);
  }
  const std::vector<std::string> info = {"INFO"};
  connection_->Send(info, [this](const RespValue& reply) { HearInfo(reply); });
}

void RedisLeases::HearInfo(const RespValue& info) {
  if (info.is_error()) return connection_->Close(info.text);
  server_ = InfoField(info.text, "run_id");
  if (server_.empty()) return connection_->Close("it does not say which run it is (INFO run_id)");
  if (InfoField(info.text, "role") != "master") return connection_->Close("it is not a master");
  if (InfoField(info.text, "maxmemory_policy") != "noeviction") {
    return connection_->Close("it may evict counters: set `maxmemory-policy noeviction` there");
  }
  if (InfoField(info.text, "aof_enabled") != "1") {
    Trouble(
        "it keeps no append-only file: where it ends, counters are lost and denied until their "
        "windows end; set `appendonly yes` there");
  } else if (InfoField(info.text, "aof_last_write_status") == "err") {
    Trouble("it cannot write its append-only file: where it ends, counters are lost");
  }
  LoadScripts();
}

void RedisLeases::LoadScripts() {
  for (std::size_t i = 0; i < kRedisScripts; ++i) {
    const std::vector<std::string> words = {"SCRIPT", "LOAD", RedisScriptTexts()[i]};
    connection_->Send(words, [this, i](const RespValue& digest) {
      if (digest.is_error()) return connection_->Close(digest.text);
      digests_[i] = digest.text;
      if (i + 1 == kRedisScripts) Enter();
    });
  }
  const std::vector<std::string> subscribe = {"SUBSCRIBE", Key("recall")};
  connection_->SendQuietly(subscribe);
  connection_->Flush();
}

void RedisLeases::Enter() {
  const char* mode = !incarnation_.empty() ? "lost" : options_.makes_pool ? "init" : "join";
  Send(RedisScript::Enter, {Key("meta"), Key("replicas")},
       {replica_, server_, Hex(Random64()), mode, WallMilliseconds()},
       [this](const RespValue& entered) { HearEntered(entered); });
  connection_->Flush();
}

void RedisLeases::HearEntered(const RespValue& entered) {
  const std::string_view status = entered.ItemText(0);
  if (status == "EMPTY") {
    return connection_->Close("there is no pool `" + options_.address.pool +
                              "` of counters (new, or lost): start one replica with --init-state "
                              "to begin it");
  }
  if (status == "CLOCK") {
    return connection_->Close("its clock and this machine's are more than a minute apart");
  }
  if (status == "CROWDED") return connection_->Close("1,024 replicas are registered already");
  const auto incarnation = FromHex(entered.ItemText(1));
  if (status != "IN" || !incarnation) return connection_->Close(entered.text);
  if (!incarnation_.empty() && incarnation_ != entered.ItemText(1)) {
    Trouble(
        "the pool of the counters was lost and begun anew: windows that had begun stay denied "
        "until they end");
  }
  incarnation_ = entered.ItemText(1);
  attempts_ = 0;
  is_in_ = true;
  last_trouble_.clear();
  surroundings_.events.on_term(*incarnation);
}

void RedisLeases::Lose(const std::string& why) {
  ++term_;
  asking_.clear();
  if (std::exchange(is_in_, false)) surroundings_.events.on_lost();
  connection_.reset();
  dial_.reset();
  ++attempts_;
  // Before the node has started, every address gets its chance.
  if (!was_refused_ && attempts_ >= 2 * options_.address.nodes.size()) {
    was_refused_ = true;
    surroundings_.events.on_refused("--store: " + why);
  }
  Trouble(why);
  const auto doublings = std::min<std::size_t>(attempts_ / options_.address.nodes.size(), 8);
  const milliseconds delay = std::min(kDialIntervalFirst * (1 << doublings), kDialIntervalMax);
  dial_timer_ = surroundings_.loop.After(delay, [this] { Begin(); });
}

void RedisLeases::Trouble(const std::string& why) {
  const std::int64_t now_ns = surroundings_.clock.MonotonicNanoseconds();
  if (why == last_trouble_ && now_ns - last_trouble_ns_ < kTroubleIntervalNanoseconds) return;
  last_trouble_ = why;
  last_trouble_ns_ = now_ns;
  surroundings_.events.on_trouble("the store of the counters: " + why);
}

// Both a sign of life and the watch over a server that does not answer.
void RedisLeases::Beat() {
  beat_timer_ = surroundings_.loop.After(kBeatInterval, [this] { Beat(); });
  if (connection_ == nullptr && dial_ == nullptr) return;
  if (std::exchange(awaits_beat_, true)) {
    awaits_beat_ = false;
    if (connection_ != nullptr) return connection_->Close("it does not answer");
    return Lose("it does not answer");
  }
  if (!is_in_) return;
  Send(RedisScript::Beat, {Key("meta"), Key("replicas")}, {replica_, incarnation_, server_},
       [this](const RespValue& reply) {
         awaits_beat_ = false;
         if (reply.ItemText(0) != "ALIVE") connection_->Close("the pool has changed");
       });
  connection_->Flush();
}

void RedisLeases::Send(RedisScript script, std::vector<std::string> keys,
                       std::vector<std::string> arguments, RedisConnection::OnReply on_reply) {
  if (connection_ == nullptr) return;
  std::vector<std::string> words = {"EVALSHA", digests_[static_cast<std::size_t>(script)],
                                    std::to_string(keys.size())};
  words.insert(words.end(), std::make_move_iterator(keys.begin()),
               std::make_move_iterator(keys.end()));
  words.insert(words.end(), std::make_move_iterator(arguments.begin()),
               std::make_move_iterator(arguments.end()));
  connection_->Send(words, [this, on_reply = std::move(on_reply)](const RespValue& reply) {
    if (reply.is_error() && IsOfServer(reply.text)) return connection_->Close(reply.text);
    on_reply(reply);
  });
}

void RedisLeases::Hold(std::span<const HoldMessage> holdings) {
  for (const HoldMessage& holding : holdings) {
    const Counter* counter = CounterOf(holding.cell.identity);
    if (counter == nullptr) continue;
    if (IsFlow(counter->kind)) {
      HoldFlow(holding, *counter);
      continue;
    }
    const Window window = counter->calendar.At(holding.epoch_s);
    const std::int64_t issued = Bounded(Bounded(holding.granted) + Bounded(holding.elsewhere));
    Send(RedisScript::Hold, {Key("meta"), CellKey(holding.cell)},
         {replica_, incarnation_, std::to_string(window.start_s), EndText(window),
          std::to_string(holding.granted), std::to_string(Bounded(holding.room_max)),
          std::to_string(issued), NextSequence()},
         [this](const RespValue& reply) {
           if (reply.is_error()) connection_->Close(reply.text);
         });
  }
  Send(RedisScript::Beat, {Key("meta"), Key("replicas")}, {replica_, incarnation_, server_},
       [this](const RespValue& reply) {
         awaits_beat_ = false;
         if (reply.ItemText(0) != "ALIVE") connection_->Close("the pool has changed");
       });
  connection_->Flush();
}

void RedisLeases::HoldFlow(const HoldMessage& holding, const Counter& counter) {
  const std::int64_t seen = Bounded(Bounded(holding.granted) + Bounded(holding.elsewhere));
  Send(RedisScript::HoldFlow, {Key("meta"), CellKey(holding.cell)},
       {replica_, incarnation_, std::to_string(holding.granted),
        std::to_string(Bounded(holding.room_max)), std::to_string(seen),
        Microseconds(holding.age_ns), std::to_string(holding.life_ns / 1'000 + 1),
        WindowMicroseconds(counter.window_seconds), Parts(counter.kind, counter.window_seconds),
        NextSequence()},
       [this](const RespValue& reply) {
         if (reply.is_error()) connection_->Close(reply.text);
       });
}

void RedisLeases::Ask(std::span<const AskMessage> asks) {
  if (connection_ == nullptr) return;
  for (const AskMessage& ask : asks) {
    Question question{.ask = ask, .window = {}, .returned = ask.returned};
    const Counter* counter = CounterOf(ask.cell.identity);
    if (counter == nullptr) {
      Fail(question, "a zone of a counter is not known here");
    } else if (std::max(ask.max, ask.burst) > kRedisAmountMax) {
      Fail(question, "limits above 9007199254740992 (2^53) cannot be kept in a Redis");
    } else {
      question.kind = counter->kind;
      question.window_seconds = counter->window_seconds;
      question.window = counter->calendar.At(ask.epoch_s);
      asking_.insert(ask.cell);
      SendQuestion(std::move(question));
    }
  }
  connection_->Flush();
}

void RedisLeases::SendQuestion(Question question) {
  question.sent_wall_ns = surroundings_.clock.WallNanoseconds();
  question.sent_steady_ns = surroundings_.clock.MonotonicNanoseconds();
  if (IsFlow(question.kind)) return SendFlowQuestion(question);
  const AskMessage& ask = question.ask;
  // In another window than the holder's the call lacks all it needs.
  const std::int64_t needed = question.window.start_s == ask.epoch_s ? ask.shortage : ask.amount;
  Send(RedisScript::Ask, {Key("meta"), Key("replicas"), CellKey(ask.cell)},
       {replica_, incarnation_, server_, NextSequence(), WallMilliseconds(),
        std::to_string(question.window.start_s), EndText(question.window),
        std::to_string(std::exchange(question.returned, 0)), std::to_string(ask.epoch_s),
        std::to_string(needed), std::to_string(std::min(ask.want, ask.max)),
        std::to_string(ask.max), question.has_recalled ? "1" : "0", Key("recall"),
        question.kind == CounterKind::Concurrency ? PermitMilliseconds() : "0"},
       [this, question](const RespValue& answer) { HearAnswer(question, answer); });
}

void RedisLeases::SendFlowQuestion(const Question& question) {
  const AskMessage& ask = question.ask;
  Send(RedisScript::AskFlow, {Key("meta"), Key("replicas"), CellKey(ask.cell)},
       {replica_, incarnation_, server_, NextSequence(), WallMilliseconds(),
        std::to_string(question.returned), Microseconds(ask.idle_ns), std::to_string(ask.shortage),
        std::to_string(std::min(ask.want, kRedisAmountMax)), std::to_string(ask.max),
        std::to_string(ask.burst), question.has_recalled ? "1" : "0", Key("recall"),
        WindowMicroseconds(question.window_seconds), Parts(question.kind, question.window_seconds)},
       [this, question](const RespValue& answer) { HearAnswer(question, answer); });
}

void RedisLeases::HearAnswer(const Question& question, const RespValue& answer) {
  const std::string_view status = answer.ItemText(0);
  if (status == "GRANTED") return HearGrant(question, answer, GrantStatus::Granted);
  if (status == "DRY") return HearGrant(question, answer, GrantStatus::Dry);
  if (status == "RECALLED") {
    Question again = question;
    again.has_recalled = true;
    return AskLater(again, kRecallWait);
  }
  if (status == "EARLY") {
    const auto wait_ms = ToNumber(answer.ItemText(1));
    if (wait_ms && *wait_ms <= kEarlyMillisecondsMax && question.tries < kTriesMax) {
      return AskLater(question, milliseconds(*wait_ms + 1));
    }
    return Fail(question, "its clock is behind this machine's: a window has not begun there");
  }
  if (status == "WINDOW") return AskInWindow(question, answer);
  if (status == "DISAGREE") {
    return Fail(question,
                "replicas disagree where a window begins and ends: their time zone data differ");
  }
  if (status == "LOST") {
    return Fail(question,
                "counters were lost there: windows that had begun stay denied until they end");
  }
  if (status == "RECOVERING") {
    return Fail(question,
                "it has changed or was started anew: windows that had begun stay denied until all "
                "replicas have said what they hold");
  }
  if (status == "CLOCK") {
    return Fail(question, "its clock and this machine's are more than a minute apart");
  }
  if (status == "CHANGED") return connection_->Close("the pool has changed");
  Fail(question, answer.text);
}

void RedisLeases::HearGrant(const Question& question, const RespValue& answer, GrantStatus status) {
  const auto amount = ToNumber(answer.ItemText(1));
  const auto elsewhere = ToNumber(answer.ItemText(2));
  const auto now_ms = ToNumber(answer.ItemText(3));
  if (!amount || !elsewhere || !now_ms || *amount < 0 || *elsewhere < 0) {
    return connection_->Close("its scripts answer what they should not");
  }
  GrantMessage grant{.request_id = question.ask.request_id,
                     .status = status,
                     .epoch_s = question.window.start_s,
                     .amount = *amount,
                     .elsewhere = *elsewhere};
  LeaseEnd end;
  if (!IsFlow(question.kind)) grant.sharers = ToNumber(answer.ItemText(4)).value_or(0);
  if (IsFlow(question.kind)) {
    const auto life_us = ToNumber(answer.ItemText(4));
    const auto frees_us = ToNumber(answer.ItemText(5));
    const auto clears_us = ToNumber(answer.ItemText(6));
    if (!life_us || !frees_us || !clears_us) {
      return connection_->Close("its scripts answer what they should not");
    }
    grant.epoch_s = 0;
    grant.life_ns = std::max<std::int64_t>(0, *life_us) * 1'000;
    grant.frees_in_ns = NanosecondsOf(*frees_us);
    grant.clears_in_ns = NanosecondsOf(*clears_us);
  } else if (question.kind == CounterKind::Concurrency) {
    grant.life_ns = kPermitLeaseNanoseconds;
  } else if (question.window.end_s != kNoEnd) {
    // Measured from before the question was sent, and a millisecond for the server's rounding.
    const std::int64_t left_ms = question.window.end_s * 1000 - *now_ms - 1;
    const std::int64_t life_ns =
        left_ms * (kNanosecondsPerMillisecond - kLeaseDriftPartsPerMillion);
    end = {.wall_ns = question.sent_wall_ns + life_ns,
           .steady_ns = question.sent_steady_ns + life_ns};
  }
  asking_.erase(question.ask.cell);
  surroundings_.counters.Receive(
      grant, end, LeaseEnd{.wall_ns = question.sent_wall_ns, .steady_ns = question.sent_steady_ns});
}

void RedisLeases::AskLater(const Question& question, milliseconds delay) {
  surroundings_.loop.After(delay, [this, question, term = term_] {
    if (term != term_ || connection_ == nullptr) return;
    Question again = question;
    again.returned = 0;
    ++again.tries;
    SendQuestion(std::move(again));
    connection_->Flush();
  });
}

// The server is in another window than was asked for.
void RedisLeases::AskInWindow(Question question, const RespValue& answer) {
  const auto now_ms = ToNumber(answer.ItemText(1));
  const auto start_s = ToNumber(answer.ItemText(2));
  if (!now_ms || ++question.tries > kTriesMax) {
    return Fail(question, "it is in another window than this machine");
  }
  const WindowCalendar& calendar = CounterOf(question.ask.cell.identity)->calendar;
  question.window = calendar.At(start_s ? *start_s : FloorDivide(*now_ms, 1000));
  if (start_s &&
      (question.window.start_s != *start_s || EndText(question.window) != answer.ItemText(3))) {
    return Fail(question,
                "replicas disagree where a window begins and ends: their time zone data differ");
  }
  question.returned = 0;
  SendQuestion(std::move(question));
  connection_->Flush();
}

void RedisLeases::Fail(const Question& question, const std::string& why) {
  Trouble(why);
  asking_.erase(question.ask.cell);
  surroundings_.counters.Receive(
      GrantMessage{.request_id = question.ask.request_id, .status = GrantStatus::Failed});
}

void RedisLeases::HearPush(const RespValue& push) {
  if (is_in_ && push.ItemText(0) == "message" && push.items.size() == 3) {
    HearRecall(push.items[2].text);
  }
}

void RedisLeases::HearRecall(std::string_view payload) {
  const auto start_s = ToNumber(TakeWord(payload));
  const auto high_max = ToNumber(TakeWord(payload));
  const std::string_view asker = TakeWord(payload);
  const auto cell = CellOf(payload);
  if (!start_s || !high_max || !cell || asker == replica_) return;
  // A question on its way may lower what room is good for, so nothing is said of that.
  const bool is_asking = asking_.contains(*cell);
  const Counter* counter = CounterOf(cell->identity);
  if (counter == nullptr) return;
  // With its question a flow's last lease has ended, and the next one is not to be taken for it.
  if (is_asking && IsFlow(counter->kind)) return;
  const ReturnMessage returned = surroundings_.counters.Receive(
      RecallMessage{.recall_id = 1, .cell = *cell, .epoch_s = *start_s, .room_max = *high_max});
  SendReturn(returned, is_asking ? "" : std::to_string(*high_max), /*leaves=*/false);
  connection_->Flush();
}

// `room_max`: what the room that is left is good for; empty: nothing is said of that.
void RedisLeases::SendReturn(const ReturnMessage& returned, std::string room_max, bool leaves) {
  const Counter* counter = CounterOf(returned.cell.identity);
  if (counter == nullptr) return;
  std::vector<std::string> keys = {Key("meta"), CellKey(returned.cell)};
  if (IsFlow(counter->kind)) {
    return Send(RedisScript::ReturnFlow, std::move(keys),
                {replica_, incarnation_, NextSequence(), std::to_string(returned.returned),
                 Microseconds(returned.idle_ns), WindowMicroseconds(counter->window_seconds),
                 Parts(counter->kind, counter->window_seconds)},
                [](const RespValue&) {});
  }
  const char* how = !leaves ? "0" : counter->kind == CounterKind::Concurrency ? "permits" : "1";
  Send(RedisScript::Return, std::move(keys),
       {replica_, incarnation_, NextSequence(), std::to_string(returned.epoch_s),
        std::to_string(returned.returned), std::move(room_max), how},
       [](const RespValue&) {});
}

void RedisLeases::Return(std::span<const ReturnMessage> returns) {
  if (connection_ == nullptr) return;
  for (const ReturnMessage& returned : returns) SendReturn(returned, "", /*leaves=*/false);
  connection_->Flush();
}

void RedisLeases::Release(std::function<void(std::optional<bool>)> on_done) {
  if (connection_ == nullptr || !is_in_) return on_done({});
  Send(RedisScript::Release, {Key("meta")}, {incarnation_},
       [on_done = std::move(on_done)](const RespValue& reply) {
         if (reply.ItemText(0) != "RELEASED") return on_done({});
         on_done(reply.ItemText(1) == "1");
       });
  connection_->Flush();
}

void RedisLeases::Leave(std::span<const ReturnMessage> returns) {
  if (connection_ == nullptr) return;
  std::unordered_map<CellName, ReturnMessage, CellNameHash> last_words;
  for (const HoldMessage& holding : surroundings_.counters.Holdings()) {
    last_words[holding.cell] = {.cell = holding.cell, .epoch_s = holding.epoch_s};
  }
  for (const ReturnMessage& returned : returns) last_words[returned.cell] = returned;
  for (const auto& [cell, last] : last_words) SendReturn(last, "", /*leaves=*/true);
  Send(RedisScript::Leave, {Key("replicas")}, {replica_}, [](const RespValue&) {});
  connection_->Finish(kFinishTimeout);
}

const RedisLeases::Counter* RedisLeases::CounterOf(const std::string& identity) {
  const auto [entry, is_new] = counters_.try_emplace(identity);
  if (is_new) {
    const auto parsed = ParseIdentityKey(identity);
    const auto calendar = parsed ? WindowCalendar::Make(*parsed) : std::nullopt;
    if (calendar) {
      entry->second = {
          .calendar = *calendar, .kind = parsed->kind, .window_seconds = parsed->window_seconds};
    }
  }
  return entry->second ? &*entry->second : nullptr;
}

// All keys of a pool carry its name as their hash tag, so that a cluster keeps them together.
std::string RedisLeases::Key(std::string_view name) const {
  return "{" + options_.address.pool + "}:" + std::string(name);
}

std::string RedisLeases::CellKey(const CellName& cell) const {
  std::string key = Key("c:");
  WireWriter writer(key);
  writer.Text(cell.identity);
  writer.Text(cell.scope_key);
  return key;
}

std::optional<CellName> RedisLeases::CellOf(std::string_view key) const {
  const std::string prefix = Key("c:");
  if (!key.starts_with(prefix)) return std::nullopt;
  WireReader reader(key.substr(prefix.size()));
  CellName cell;
  cell.identity = reader.Text();
  cell.scope_key = reader.Text();
  if (!reader.IsDone()) return std::nullopt;
  return cell;
}

// How long a permit may be held from when it was leased.
std::string RedisLeases::PermitMilliseconds() const {
  return std::to_string(kPermitLeaseNanoseconds / kNanosecondsPerMillisecond +
                        surroundings_.counters.permit_seconds() * std::int64_t{1'000});
}

std::string RedisLeases::WallMilliseconds() const {
  return std::to_string(surroundings_.clock.WallNanoseconds() / kNanosecondsPerMillisecond);
}

}  // namespace policy::transport
