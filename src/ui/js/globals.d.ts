// What the page's scripts share, and what scripts/finish.mjs fills in.

interface Window {
  /** Set by boot.js, for start.js and the page. */
  composeStart: {
    /** What was typed before the page had started, with the caret. */
    early: { text: string; at: number; focused: boolean };
    failed(error: unknown): void;
    done(): void;
  };
  /** Set by start.js: the engine's module, in bytes. */
  engineModule: Promise<Uint8Array<ArrayBuffer>>;
}

declare module "{{app}}" {
  export default function init(options: { module_or_path: BufferSource | WebAssembly.Module }): Promise<unknown>;
}
