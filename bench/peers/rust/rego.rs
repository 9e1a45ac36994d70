use crate::{read_file, Engine, Worker};
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::{program::Program, RegoVM};
use regorus::utils::limits::PolicyLengthConfig;
use regorus::{CompiledPolicy, Engine as RegoEngine, Rc, Value};
use std::num::{NonZeroU32, NonZeroUsize};

const QUERY: &str = "data.policy.allow";

/// regorus by its virtual machine; by its interpreter where the policy is too large for that, which
/// takes 65,535 instructions.
pub struct Regorus {
    compiled: CompiledPolicy,
    program: Option<Rc<Program>>,
}

impl Regorus {
    pub fn load(folder: &str) -> Self {
        let mut engine = RegoEngine::new();
        engine.set_policy_length_config(PolicyLengthConfig {
            max_col: NonZeroU32::MAX,
            max_file_bytes: NonZeroUsize::MAX,
            max_lines: NonZeroUsize::MAX,
        });
        engine.add_policy("policy.rego".into(), read_file(folder, "policy.rego")).expect("a policy");
        let compiled = engine.compile_with_entrypoint(&QUERY.into()).expect("a compiled policy");
        let program = Compiler::compile_from_policy(&compiled, &[QUERY]).ok();
        Regorus { compiled, program }
    }
}

impl Engine for Regorus {
    fn worker(&self, requests: &'static [String]) -> Box<dyn Worker> {
        let machine = self.program.as_ref().map(|program| {
            let mut machine = RegoVM::new();
            machine.load_program(program.clone());
            machine.set_data(Value::new_object()).expect("no data");
            machine
        });
        let inputs = requests.iter().map(|each| input(each)).collect();
        Box::new(RegorusWorker { compiled: self.compiled.clone(), machine, requests, inputs })
    }
}

struct RegorusWorker {
    compiled: CompiledPolicy,
    machine: Option<RegoVM>,
    requests: &'static [String],
    inputs: Vec<Value>,
}

fn input(request: &str) -> Value {
    let read = Value::from_json_str(request).expect("a request");
    let mut input = Value::new_object();
    let fields = input.as_object_mut().expect("an object");
    fields.insert("tool".into(), read["params"]["name"].clone());
    fields.insert("args".into(), read["params"]["arguments"].clone());
    input
}

impl RegorusWorker {
    fn decide(&mut self, input: Value) -> bool {
        let decided = match &mut self.machine {
            Some(machine) => {
                machine.set_input(input);
                machine.execute().expect("a decision")
            }
            None => self.compiled.eval_with_input(input).expect("a decision"),
        };
        decided == Value::Bool(true)
    }
}

impl Worker for RegorusWorker {
    fn decide_filled(&mut self, call: usize) -> bool {
        let input = self.inputs[call].clone();
        self.decide(input)
    }

    fn decide_bytes(&mut self, call: usize) -> bool {
        self.decide(input(&self.requests[call]))
    }
}
