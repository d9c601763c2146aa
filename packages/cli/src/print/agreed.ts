import { confirm, isCancel } from '@clack/prompts'
import { Failure } from './failure.ts'
import { rendered } from './terminal.ts'

/** Asks a person. Without a terminal it throws: `--yes` answers there. */
export async function agreed(message: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new Failure(2, `${message} Nobody can be asked here: give --yes`)
  const answer = await confirm({
    message: rendered(message),
    initialValue: false,
    output: process.stderr,
  })
  return !isCancel(answer) && answer
}
