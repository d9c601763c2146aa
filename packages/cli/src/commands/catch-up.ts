import type { Command } from 'commander'
import { examples, runAction } from '../action.ts'
import { accountOptions } from '../options/shared-options.ts'
import type { Receiver } from '@postern/core'
import {
  catchUp,
  type CatchUpOptions,
  type CatchUpProgress,
  type CaughtUp,
  type Source,
} from '@postern/registrar'
import { agreed, remark, say, sayJson, Failure, type ExitCode } from '../print/say.ts'
import { closeAll } from '../app-module.ts'
import { createBar } from '../sender-api/bar.ts'
import { loadEnv, made, targetsOf, type Target, type TargetOptions } from '../sender-api/target.ts'
import { shown } from '../print/terminal.ts'
import { sinceOption } from '../options/inbox-options.ts'

interface CatchUpCommandOptions extends TargetOptions {
  readonly from: string
  readonly since: string
  readonly until?: string
  readonly limit: string
  readonly tenant?: string
  readonly redeliver?: boolean
  readonly all?: boolean
  readonly anyVersion?: boolean
  readonly beyondWindow?: boolean
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

export function declare(command: Command): void {
  accountOptions(command)
    .requiredOption('--from <file>', 'import the receiver from this module')
    .requiredOption('--since <age>', 'start at: 30m, 2h, 3d or ISO date')
    .option('--until <age>', 'end at (default: now)')
    .option('--limit <number>', 'maximum number of events to list, newest first', '10000')
    .option('--tenant <tenant>', 'set the tenant of the webhooks, or none')
    .option('--redeliver', 'ask the provider to deliver the events again')
    .option('--all', 'also fetch events that the provider delivered')
    .option('--any-version', "accept another API version than the endpoint's")
    .option('--beyond-window', 'fetch events older than the dedupe window')
    .option('--dry-run', 'list and count without fetching')
    .addHelpText(
      'after',
      examples(
        'catch-up --from ./receiver.ts --since 2h --url https://app.example/github -o repository=octo/hello',
        'catch-up --from ./receiver.ts --receiver stripe --since 3d --url https://app.example/stripe --dry-run',
      ),
    )
    .action(runAction(catchUpCommand))
}

/**
 * `postern catch-up`: counts missed events, asks for confirmation, and fetches the events. Exit code 1 if older events
 * may still be missing.
 */
async function catchUpCommand(
  name: string | undefined,
  options: CatchUpCommandOptions,
): Promise<ExitCode> {
  await loadEnv(options.env)
  const targets = await targetsOf(name, options)
  try {
    const [target, ...more] = targets
    if (more.length > 0)
      throw new Failure(
        2,
        `${options.from} has ${targets.length} receivers; choose one with --receiver`,
      )
    const receiver = target!.receiver!
    const source = await sourceOf(target!, options)
    const range = rangeOf(options)
    const dry =
      options.dryRun || !options.yes
        ? await caughtUp(receiver, source, { ...range, dryRun: true })
        : undefined
    if (options.dryRun) {
      tellCaughtUp(dry!, options, `would ${verbOf(source)}`)
      return dry!.complete ? 0 : 1
    }
    if (dry && !(await wanted(dry, source))) return 1
    const result = await caughtUp(receiver, source, range)
    tellCaughtUp(result, options, verbOf(source) === 'take' ? 'took' : 'asked for')
    return result.failed > 0 ? 3 : result.complete ? 0 : 1
  } finally {
    await closeAll(targets.flatMap(({ receiver }) => receiver ?? []))
  }
}

async function sourceOf(target: Target, { redeliver }: CatchUpCommandOptions): Promise<Source> {
  const { sender, url, topics } = target
  const maker = redeliver ? sender.redelivery : (sender.events ?? sender.redelivery)
  if (!maker)
    throw new Failure(
      2,
      `the API of ${sender.title} ${redeliver ? 'cannot redeliver events; try without --redeliver' : 'cannot list missed events'}`,
    )
  const takes = [...maker.needs, ...maker.takes]
  if (takes.includes('url') && url === undefined && target.options['app'] !== true)
    throw new Failure(2, 'give --url, the public https URL where the receiver is mounted')
  const events = topics.filter((topic) => !topic.includes('*'))
  return made<Source>(maker, target, {
    ...(takes.includes('url') && url !== undefined && { url }),
    ...(takes.includes('events') && events.length > 0 && { events }),
  })
}

function rangeOf(options: CatchUpCommandOptions): CatchUpOptions {
  const { limit, tenant, all, anyVersion, beyondWindow } = options
  const until = sinceOption('--until', options.until)
  return {
    since: sinceOption('--since', options.since)!,
    ...(until !== undefined && { until }),
    limit: Number(limit),
    ...(tenant !== undefined && { tenant: tenant === 'none' ? false : tenant }),
    ...(all && { all }),
    ...(anyVersion && { anyVersion }),
    ...(beyondWindow && { beyondWindow }),
  }
}

/** In a dry run, the progress bar shows no percentage, because the number of events is unknown. */
async function caughtUp(
  receiver: Receiver,
  source: Source,
  range: CatchUpOptions,
): Promise<CaughtUp> {
  const bar = createBar()
  try {
    return await catchUp(receiver, source, {
      ...range,
      onProgress: (at) => bar.show(line(at), range.dryRun ? undefined : share(at)),
    })
  } finally {
    bar.end()
  }
}

async function wanted(dry: CaughtUp, source: Source): Promise<boolean> {
  const count = countOf(dry)
  if (count === 0 && !(source.kind === 'redelivery' && source.redeliverUntried)) {
    remark(`${shown(dry.source)}: nothing was missed`)
    return false
  }
  const says =
    source.kind === 'payload'
      ? `Accept ${count} events of ${shown(dry.source)}. They run in your app, with today's handlers; those it has are duplicates.`
      : `Ask ${shown(dry.source)} to deliver ${count} events again. They come to your app, signed.`
  if (await agreed(says)) return true
  remark('nothing was changed')
  return false
}

const verbOf = (source: Source): string => (source.kind === 'payload' ? 'take' : 'ask for')

function line({ phase, listed, wanted: of, done, failed, waitsUntil }: CatchUpProgress): string {
  if (phase === 'listing') return `${listed} listed`
  if (phase === 'waiting')
    return `${done} of ${of}, waits until ${new Date(waitsUntil!).toISOString()}`
  return `${done} of ${of}${failed > 0 ? `, ${failed} failed` : ''}`
}

function share({ wanted: of, done }: CatchUpProgress): number | undefined {
  return of === 0 ? undefined : done / of
}

const CUTS: Readonly<Record<string, string>> = {
  endless:
    "the sender's list did not end or repeated itself, so Postern stopped reading the list: run the command again later",
  moving: "the sender's list changed during each of five reads: run the command again later",
  time: "an entry of the list has no time, so the entries after it were skipped: check the sender's list",
}

function tellCaughtUp(result: CaughtUp, { json }: { readonly json?: boolean }, did: string): void {
  if (json) return sayJson(result, 2)
  const { listed, skipped, accepted, duplicates, asked, failures, failed, resumedAt, expired } =
    result
  const count = did.startsWith('would') ? countOf(result) : accepted + asked
  say(`${shown(result.source)}: ${did} ${count} events, of ${listed} listed`)
  for (const [topic, of] of Object.entries(result.topics)) say(`  ${of}  ${shown(topic)}`)
  if (resumedAt !== undefined)
    say(`  continued at ${new Date(resumedAt).toISOString()}, where an earlier run stopped`)
  if (duplicates > 0) say(`  = ${duplicates} duplicates`)
  if (skipped > 0) say(`  – ${skipped} of topics without a subscription`)
  if (expired > 0)
    say(`  ${expired} became older than the inbox's dedupeWindow during the run, and were skipped`)
  if (failed > 0) say(`  ✕ ${failed} failed`)
  for (const { id, topic, code } of failures)
    say(`    ${shown(id)} ${shown(topic ?? '')} ${shown(code)}`)
  if (result.cut !== undefined && result.cut in CUTS) remark(CUTS[result.cut]!)
  else if (!result.complete)
    remark(
      `older events were left: raise --limit, or run it again with --until ${new Date(result.oldest ?? result.since).toISOString()}`,
    )
}

function countOf({ topics }: CaughtUp): number {
  return Object.values(topics).reduce((all, one) => all + one, 0)
}
