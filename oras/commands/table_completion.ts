import type { Command } from "./_command.ts";
import { FORMAT } from "./flags.ts";

/** `gantry completion` */
export const COMPLETION: Command = {
  name: "completion",
  purpose: "Print a completion script for a shell",
  notes: [
    "The script asks the program itself for commands, flags and their values.",
  ],
  commands: [
    shell("bash", [
      { title: "In this shell", line: "source <(gantry completion bash)" },
      {
        title: "In every new one",
        line:
          "gantry completion bash > ~/.local/share/bash-completion/completions/gantry",
      },
    ]),
    shell("zsh", [
      { title: "In this shell", line: "source <(gantry completion zsh)" },
      {
        title: "In every new one, with the folder in fpath",
        line: "gantry completion zsh > ~/.zfunc/_gantry",
      },
    ]),
    shell("fish", [
      { title: "In this shell", line: "gantry completion fish | source" },
      {
        title: "In every new one",
        line: "gantry completion fish > ~/.config/fish/completions/gantry.fish",
      },
    ]),
    shell("powershell", [
      {
        title: "In this shell",
        line: "gantry completion powershell | Out-String | Invoke-Expression",
      },
    ]),
  ],
};

/** What the completion scripts call; not for people. */
export const COMPLETE: Command = {
  name: "__complete",
  purpose: "Print the words that could stand where the cursor is",
  usage: "[<word>] [...]",
  hidden: true,
  verbatim: true,
  load: () => import("./complete.ts"),
};

function shell(
  name: string,
  lines: readonly { title: string; line: string }[],
): Command {
  return {
    name,
    purpose: `Print a completion script for ${name}`,
    usage: "[flags]",
    notes: lines.flatMap(({ title, line }) => [`${title}:`, `  ${line}`]),
    arity: { min: 0, max: 0, meaning: "" },
    flags: [{
      name: "no-descriptions",
      kind: "bool",
      purpose: "complete without saying what the words mean",
    }, ...FORMAT],
    load: () => import("./completion.ts"),
  };
}
