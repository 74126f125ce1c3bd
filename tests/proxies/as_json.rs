//! YAML from standard input as JSON, read by another parser than the product's own: JavaScript has none.

use std::io;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let value: serde_yaml::Value = serde_yaml::from_reader(io::stdin())?;
    serde_json::to_writer(io::stdout(), &value)?;
    Ok(())
}
