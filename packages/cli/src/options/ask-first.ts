import type { ExitCode } from '../print/failure.ts'
import { agreed } from '../print/agreed.ts'
import { remark, say, sayJson } from '../print/say.ts'
import type { InboxCommandOptions } from './inbox-options.ts'

/** A change of an inbox that was counted. */
interface Change {
  readonly total: number
  /** What will be done. */
  readonly says: string
  /** What is said if nothing matches, and the exit code then. */
  readonly none: string
  readonly ifNone: ExitCode
}

/** Says what will be done, and asks. Returns the exit code if it ends there: nothing matches, it is a dry run, or the answer is no. */
export async function askFirst(
  { total, says, none, ifNone }: Change,
  { json, dryRun, yes }: InboxCommandOptions,
): Promise<ExitCode | undefined> {
  if (json && (total === 0 || dryRun)) sayJson({ count: total, ...(dryRun && { dryRun: true }) })
  if (total === 0) {
    remark(none)
    return ifNone
  }
  if (dryRun) {
    if (!json) say(says)
    return 0
  }
  if (yes || (await agreed(says))) return undefined
  remark('nothing was changed')
  return 1
}
