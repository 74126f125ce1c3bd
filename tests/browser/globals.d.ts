// What tests put into pages before they ask for it.

declare const axe: { run(context: Document, options?: { runOnly: string[] }): Promise<{ violations: { id: string; help: string; nodes: { html: string; target: string[] }[] }[] }> };
