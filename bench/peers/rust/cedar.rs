use crate::{read_file, Engine, Worker};
use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
};
use std::str::FromStr;
use std::sync::Arc;

/// The tool is the action, its arguments are the context.
pub struct Cedar {
    policies: Arc<PolicySet>,
}

impl Cedar {
    pub fn load(folder: &str) -> Self {
        let policies = PolicySet::from_str(&read_file(folder, "policy.cedar")).expect("a policy");
        Cedar { policies: Arc::new(policies) }
    }
}

impl Engine for Cedar {
    fn worker(&self, requests: &'static [String]) -> Box<dyn Worker> {
        Box::new(CedarWorker {
            policies: self.policies.clone(),
            authorizer: Authorizer::new(),
            entities: Entities::empty(),
            inputs: requests.iter().map(|each| input(each)).collect(),
            requests,
        })
    }
}

struct CedarWorker {
    policies: Arc<PolicySet>,
    authorizer: Authorizer,
    entities: Entities,
    requests: &'static [String],
    inputs: Vec<Request>,
}

fn entity(kind: &str, id: &str) -> EntityUid {
    let kind = EntityTypeName::from_str(kind).expect("a type");
    EntityUid::from_type_name_and_id(kind, EntityId::new(id))
}

fn input(request: &str) -> Request {
    let mut read: serde_json::Value = serde_json::from_str(request).expect("a request");
    let tool = entity("Action", read["params"]["name"].as_str().expect("a tool"));
    let arguments = read["params"]["arguments"].take();
    let context = Context::from_json_value(arguments, None).expect("a context");
    Request::new(entity("Agent", "local"), tool, entity("Server", "default"), context, None)
        .expect("a request")
}

impl CedarWorker {
    fn decide(&self, input: &Request) -> bool {
        let response = self.authorizer.is_authorized(input, &self.policies, &self.entities);
        response.decision() == Decision::Allow
    }
}

impl Worker for CedarWorker {
    fn decide_filled(&mut self, call: usize) -> bool {
        self.decide(&self.inputs[call])
    }

    fn decide_bytes(&mut self, call: usize) -> bool {
        self.decide(&input(&self.requests[call]))
    }
}
