// One process that asks rate-limiter-flexible for one unit after the other: flexible.mjs SOCKET MAX SECONDS WAYS
//
// WAYS calls are under way at once. Prints what limits_redis_bench prints for a process.
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.POLICY_PEERS, "package.json"));
const { Redis } = require("ioredis");
const { RateLimiterRedis } = require("rate-limiter-flexible");

const [socket, max, seconds, ways] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const redis = new Redis({ path: socket, enableOfflineQueue: true });
const limiter = new RateLimiterRedis({ storeClient: redis, points: max, duration: 1, keyPrefix: "race" });
const end = Date.now() + seconds * 1000;
let calls = 0;
let admitted = 0;
const one = async () => {
  while (Date.now() < end) {
    calls++;
    try {
      await limiter.consume("g");
      admitted++;
    } catch (refused) {
      if (refused instanceof Error) throw refused;
    }
  }
};
const begin = process.hrtime.bigint();
await Promise.all(Array.from({ length: ways }, one));
const took = Number(process.hrtime.bigint() - begin);
console.log(JSON.stringify({ calls, admitted, ns_per_call: took / calls }));
redis.disconnect();
