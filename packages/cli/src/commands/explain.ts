import type { Command } from 'commander'
import { examples, runAction } from '../action.ts'
import { placeOptions, places, type InboxOptions } from '../inboxes.ts'
import { keyOptions, many, senderOptions } from '../options/shared-options.ts'
import {
  bodyDiff,
  explain,
  explainedCodes,
  type BodyDiff,
  type Explanation,
  type Finding,
} from '@postern/core/explain'
import type { Arrival, ArrivalOutcome } from '@postern/core/inbox'
import { readBounded } from '@postern/core/internal'
import { countOption, numberOption } from '../options/checked-options.ts'
import { withInbox } from '../inbox.ts'
import { Failure, type ExitCode, remark, say, sayJson } from '../print/say.ts'
import { MOST_FILE, readRegular } from '../request/regular-file.ts'
import { parseRequest } from '../request/request-file.ts'
import { type SavedRequest, withoutLines } from '../request/curl.ts'
import { openArrival, type KeyOptions } from '../options/encryption-key.ts'
import { providerOf, type SenderOptions } from '../sender/sender.ts'
import { counted } from '../print/style.ts'
import { shown, styled } from '../print/terminal.ts'
import { columnsOf, wrapped } from '../print/width.ts'

interface ExplainCommandOptions extends SenderOptions, InboxOptions, KeyOptions, CurlFlags {
  readonly provider?: string
  readonly at?: string
  readonly timeLimit: string
  readonly entry?: string
  readonly json?: boolean
}

export function declare(command: Command): void {
  keyOptions(placeOptions(senderOptions(command), 'find the delivery in the inbox'))
    .option('-p, --provider <provider>', 'choose who sent it (default: from the inbox or file)')
    .option(
      '--at <time>',
      'check at this time: ISO date or milliseconds (default: from the file, else now)',
    )
    .option('--time-limit <milliseconds>', 'set how long to search', '5000')
    .option('--entry <number>', 'choose the entry of a HAR file')
    .option('-H, --header <line>', 'set a header of the request; repeatable', many)
    .option('-X, --request <method>', 'set the method (default: POST with a body)')
    .option('-d, --data <text>', 'set the body; @file drops line breaks')
    .option('--data-raw <text>', 'set the body exactly as given')
    .option('--data-binary <text>', 'set the body; @file keeps all bytes')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'explain ./request.json --provider stripe --env .env',
        'explain - --provider github < request.http',
        "explain https://example.com/hooks --provider github -H 'x-hub-signature-256: sha256=…' --data-binary @body",
        'explain 0mh3k… --sqlite webhooks.db',
      ),
    )
    .action(runAction(explainCommand))
}

/**
 * `postern explain`: explains a request from a file, stdin, flags of curl, or an inbox. If a delivery in an inbox was
 * not rejected for its signature, prints the recorded outcome instead. Exit code 1 if the request is rejected.
 */
async function explainCommand(source: string, options: ExplainCommandOptions): Promise<ExitCode> {
  const saved = await savedOf(source, options)
  if ('outcome' in saved) return tellOutcome(saved, options)
  const { delivery, receivedAt } = saved
  const name = options.provider ?? saved.provider
  if (name === undefined)
    throw new Failure(2, 'give --provider: the request does not say who sent it')
  const { provider, about, from } = await providerOf(name, options)
  const { catalogue } = await import('@postern/providers/catalogue')
  const at = options.at === undefined ? receivedAt : timeOption(options.at)
  const found = await explain(delivery, provider, {
    catalogue,
    ms: numberOption('--time-limit', options.timeLimit),
    // Other programs read the JSON and may log it. So the JSON has no fingerprints of secrets, and no reconstructed
    // body.
    fingerprints: options.json !== true,
    repaired: options.json !== true,
    ...(at !== undefined && { now: () => at }),
  })
  if (options.json) sayJson(found, 2)
  else tell(found, about.title, from, Buffer.from(delivery.body ?? ''))
  return found.verdict === 'accepted' ? 0 : 1
}

function tell(
  { verdict, code, findings, stats, repaired }: Explanation,
  title: string,
  from: string,
  came: Uint8Array,
): void {
  if (verdict === 'accepted')
    say(
      `${styled('green', '●')} accepted: ${title} signed this delivery, with the secret of ${from || 'no option'}`,
    )
  else say(`${styled('red', '✕')} rejected: ${code}`)
  for (const finding of findings) say(lines(finding, columnsOf()))
  const diff = repaired && bodyDiff(came, repaired.body)
  if (diff) say(diffLines(diff, columnsOf()))
  if (verdict === 'rejected' && findings.length === 0) say('  no known cause explains it')
  remark(
    `  tried ${counted(stats.attempts, 'change')} in ${Math.round(stats.ms)} ms${stats.stopped ? '; the search was stopped; raise --time-limit' : ''}`,
  )
}

function lines({ cause, certainty, message, remedy }: Finding, columns: number): string {
  const format = { proven: 'green', likely: 'yellow', possible: 'gray' } as const
  const head = `  ${styled(format[certainty], certainty.padEnd(9))}${styled('bold', cause.padEnd(22))}`
  return [
    ...wrapped(`${head}${shown(message, 600)}`, columns, START),
    ...wrapped(`${' '.repeat(START)}Remedy: ${shown(remedy, 600)}`, columns, START),
  ].join('\n')
}

/** Returns lines with the signed and the received bytes. Without colors, brackets mark the difference. */
function diffLines({ summary, parts }: BodyDiff, columns: number): string {
  const side = (one: 'came' | 'signed', format: 'red' | 'green'): readonly string[] => {
    const other = one === 'came' ? 'signed' : 'came'
    const text = parts
      .filter(({ kind }) => kind !== other)
      .map(({ kind, text: part }) => {
        const marked = styled(format, part)
        return kind !== one ? part : marked === part ? `⟦${part}⟧` : marked
      })
    return wrapped(`${' '.repeat(START)}${one.padEnd(8)}${text.join('')}`, columns, START + 8)
  }
  return [
    ...wrapped(`${' '.repeat(START)}${summary}`, columns, START),
    ...side('signed', 'green'),
    ...side('came', 'red'),
  ].join('\n')
}

// Column where continuation lines start, which is the column of the cause's name.
const START = 11

async function savedOf(
  source: string,
  options: ExplainCommandOptions,
): Promise<SavedRequest | Arrival> {
  if (places.some(({ place }) => Object.hasOwn(options, place.flag))) return keptOf(source, options)
  if (/^https?:/i.test(source)) return fromFlags(source, options)
  const entry = options.entry === undefined ? undefined : countOption('--entry', options.entry)
  if (source !== '-') return parseRequest(readRegular(source), { entry, readFile: readRegular })
  const tooLarge = (): Failure =>
    new Failure(2, `stdin must have at most ${MOST_FILE} bytes: give only one request`)
  const bytes = await readBounded(process.stdin, MOST_FILE, tooLarge)
  return parseRequest(bytes, { entry, readFile: readRegular })
}

async function keptOf(
  id: string,
  options: InboxOptions & KeyOptions,
): Promise<SavedRequest | Arrival> {
  return withInbox<SavedRequest | Arrival>(options, async ({ journal, view, name }) => {
    if (!journal) throw new Failure(2, `${name} keeps no journal of deliveries`)
    const found = await journal.delivery(id)
    if (!found) {
      const isTask = (await view.get(id)) !== undefined
      throw new Failure(
        1,
        isTask
          ? `${id} is a task, so its delivery was accepted: \`postern inbox show ${id}\` shows it`
          : `no delivery has the id ${id}: \`postern inbox deliveries\` lists them`,
      )
    }
    if (found.outcome !== 'rejected' || !explainedCodes.has(found.code ?? '')) return found
    if (!found.kept)
      throw new Failure(
        1,
        `${id} was rejected: ${found.reason ?? found.code}. Its body was not kept: set storage.rejectedBodies on the receiver, and wait for the next rejection`,
      )
    const { kept } = await openArrival(found, options)
    const { provider } = found
    return { delivery: { method: found.method, ...kept! }, receivedAt: found.at, provider }
  })
}

/** Prints the recorded outcome of a delivery that was not rejected for its signature. */
function tellOutcome(arrival: Arrival, { json }: ExplainCommandOptions): ExitCode {
  const { id, outcome, status, provider, code, reason, topics, ids } = arrival
  const isRejected = outcome === 'rejected'
  const verdict = isRejected ? ('rejected' as const) : ('accepted' as const)
  if (json) sayJson({ verdict, outcome, status, provider, code, reason, topics, ids }, 2)
  else if (isRejected)
    say(`${styled('red', '✕')} rejected: ${shown(code!)} (${status}): ${shown(reason ?? '', 500)}`)
  else {
    say(`${styled('green', '●')} not rejected: ${outcome}, answered ${status}: ${SAYS[outcome]}`)
    if (topics.length > 0) say(`  topics ${shown(topics.join(', '), 300)}`)
    if (ids[0] !== undefined && outcome !== 'unhandled')
      remark(`  its tasks: postern inbox list --event-id ${shown(ids[0])}, with the same inbox`)
  }
  if (isRejected && !json)
    remark(`  no signature was the cause: \`postern inbox deliveries\` has ${shown(id)}`)
  return isRejected ? 1 : 0
}

const SAYS: Readonly<Record<Exclude<ArrivalOutcome, 'rejected'>, string>> = {
  accepted: 'the signature was right, and the tasks were stored',
  duplicate: 'the event was already known, so nothing ran again',
  handshake: 'it was a challenge of the provider',
  unhandled: 'the signature was right, and no subscription has the topic',
}

function timeOption(text: string): number {
  const time = /^\d+$/.test(text) ? Number(text) : Date.parse(text)
  if (Number.isNaN(time))
    throw new Failure(2, `--at must be an ISO date or milliseconds since 1970, got ${text}`)
  return time
}

interface CurlFlags {
  readonly request?: string
  readonly header?: readonly string[]
  readonly data?: string
  readonly dataRaw?: string
  readonly dataBinary?: string
}

/**
 * Returns the request that a URL and flags of curl describe. As in curl, `@file` reads a file, and `--data` removes its
 * line ends.
 */
function fromFlags(url: string, flags: CurlFlags): SavedRequest {
  if (!URL.canParse(url))
    throw new Failure(2, `the request must be a URL with -H and -d, got ${url}`)
  const headers = (flags.header ?? []).map((line) => {
    const [, name, value] = /^([^:\s]+)\s*:\s*(.*)$/s.exec(line) ?? []
    if (name === undefined) throw new Failure(2, `--header must be 'Name: value', got ${line}`)
    return [name, value!] as const
  })
  const parts = [
    ...(flags.data === undefined ? [] : [withoutLines(dataOf(flags.data))]),
    ...(flags.dataRaw === undefined ? [] : [Buffer.from(flags.dataRaw)]),
    ...(flags.dataBinary === undefined ? [] : [dataOf(flags.dataBinary)]),
  ]
  if (parts.length > 1)
    throw new Failure(
      2,
      '--data, --data-raw and --data-binary exclude each other; give only one of them',
    )
  const [body] = parts
  const method = flags.request ?? (body ? 'POST' : 'GET')
  return {
    delivery: { method, url, headers, body: body ?? Buffer.alloc(0) },
    receivedAt: undefined,
  }
}

function dataOf(data: string): Buffer {
  return data.startsWith('@') ? readRegular(data.slice(1)) : Buffer.from(data)
}
