import type { CaughtUp } from '@postern/registrar'
import { remark, say, sayJson } from '../print/say.ts'
import { shown } from '../print/terminal.ts'

const CUTS: Readonly<Record<string, string>> = {
  endless: "the sender's list brought nothing new or did not end, and was left: run it again later",
  moving: 'the list still changed when it was read for the fifth time: run it again later',
  time: 'an entry of the list has no time, and what came behind it was left: look at the list of the sender',
}

/** Tells what a catch-up did, or would do: for people, or as JSON. */
export function tellCaughtUp(
  result: CaughtUp,
  { json }: { readonly json?: boolean },
  did: string,
): void {
  if (json) return sayJson(result, 2)
  const { listed, skipped, taken, duplicates, asked, failures, failed, resumedAt, expired } = result
  const count = did.startsWith('would') ? countOf(result) : taken + asked
  say(`${shown(result.source)}: ${did} ${count} events, of ${listed} listed`)
  for (const [topic, of] of Object.entries(result.topics)) say(`  ${of}  ${shown(topic)}`)
  if (resumedAt !== undefined)
    say(`  went on at ${new Date(resumedAt).toISOString()}, where an earlier run was cut off`)
  if (duplicates > 0) say(`  = ${duplicates} duplicates`)
  if (skipped > 0) say(`  – ${skipped} of topics without a subscription`)
  if (expired > 0) say(`  ${expired} were older than the inbox's window by then`)
  if (failed > 0) say(`  ✕ ${failed} failed`)
  for (const { id, topic, code } of failures)
    say(`    ${shown(id)} ${shown(topic ?? '')} ${shown(code)}`)
  if (result.cut !== undefined && result.cut in CUTS) remark(CUTS[result.cut]!)
  else if (!result.complete)
    remark(
      `older events were left: raise --limit, or run it again with --until ${new Date(result.oldest ?? result.since).toISOString()}`,
    )
}

/** The events to take or to ask for. */
export function countOf({ topics }: CaughtUp): number {
  return Object.values(topics).reduce((all, one) => all + one, 0)
}
