/* Decides the calls of stdin, one a line, under the policy of a file: the C interface.
 *
 *   decide_c POLICY NOW_SECONDS <calls.jsonl
 *
 * POLICY is a policy's text, or a program that `policyc compile` wrote (*.pbc). */
#include <inttypes.h>
#include <policy/policy.h>
#include <stdio.h>
#include <stdlib.h>

enum { kPolicyBytesMax = 1 << 20, kCallBytesMax = 1 << 16 };

static policy_program* read_program(const char* path, policy_error** error) {
  static char text[kPolicyBytesMax];
  const size_t length = strlen(path);
  size_t size = 0;
  FILE* file = NULL;
  if (length > 4 && strcmp(path + length - 4, ".pbc") == 0) {
    return policy_program_load_file(path, error);
  }
  file = fopen(path, "rb");
  if (file == NULL) return NULL;
  size = fread(text, 1, sizeof text, file);
  fclose(file);
  return policy_program_compile(path, text, size, error);
}

static void print_decision(const policy_decision* decision) {
  static const char* const names[] = {"deny", "allow", "approval", "limited"};
  const policy_text message = policy_decision_message(decision);
  size_t i = 0;
  printf("%s", names[policy_decision_outcome(decision)]);
  for (i = 0; i < policy_decision_rule_count(decision); ++i) {
    policy_rule rule = POLICY_RULE_INIT;
    policy_decision_rule(decision, i, &rule);
    printf(" %.*s", (int)rule.id.size, rule.id.data);
  }
  for (i = 0; i < policy_decision_quota_count(decision); ++i) {
    policy_quota quota = POLICY_QUOTA_INIT;
    policy_decision_quota(decision, i, &quota);
    printf(" [%" PRId64 " of %" PRId64 " used]", quota.used, quota.max);
  }
  if (message.size > 0) printf(": %.*s", (int)message.size, message.data);
  printf("\n");
}

int main(int argc, char** argv) {
  static char line[kCallBytesMax];
  policy_error* error = NULL;
  policy_program* program = argc == 3 ? read_program(argv[1], &error) : NULL;
  policy_counters* counters = policy_counters_new();
  policy_evaluator* evaluator = policy_evaluator_new(program, counters, "default/agent-1");
  policy_decision* decision = policy_decision_new();
  policy_context context = POLICY_CONTEXT_INIT;
  if (evaluator == NULL || decision == NULL) {
    fprintf(stderr, "%s\n", error == NULL ? "usage: decide_c POLICY NOW_SECONDS" : policy_error_text(error));
    policy_error_free(error);
    return 2;
  }
  context.grant = policy_text_of("agent-1");
  context.now_ns = strtoll(argv[2], NULL, 10) * 1000000000;
  while (fgets(line, sizeof line, stdin) != NULL) {
    const policy_outcome outcome =
        policy_decide(evaluator, line, strcspn(line, "\n"), &context, decision);
    /* Here an embedder does the call. */
    if (outcome == POLICY_ALLOW) policy_decision_settle(decision, POLICY_COMMIT);
    print_decision(decision);
  }
  policy_decision_free(decision);
  policy_evaluator_free(evaluator);
  policy_counters_free(counters);
  policy_program_free(program);
  return 0;
}
