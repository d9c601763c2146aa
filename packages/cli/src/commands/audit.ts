import { randomInt, randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import {
  audit,
  battery,
  type AuditCase,
  type RemedyStack,
  type Severity,
  remedies,
  type AuditFailure,
  type AuditReport,
} from '@postern/testing/audit'
import { examples, runAction } from '../action.ts'
import { checkBadge, hidden, sayCard, writeBadge } from '../audit/card.ts'
import { networkCases } from '../audit/network-cases.ts'
import { lifeOf, logSince, memoryOf, observerOf, restarter } from '../audit/observer.ts'
import { createWire } from '../audit/wire.ts'
import {
  countOption,
  isThisMachine,
  numberOption,
  requireWebUrl,
  requireOneOf,
} from '../options/checked-options.ts'
import { many, senderOptions } from '../options/shared-options.ts'
import { Failure, type ExitCode, remark, say, sayJson } from '../print/say.ts'
import { lasting } from '../print/style.ts'
import { table } from '../print/table.ts'
import { createBar } from '../sender-api/bar.ts'
import { providerOf, variablesOf, type MadeProvider, type SenderOptions } from '../sender/sender.ts'
import { curlOf, type CurlFacts } from '../audit/curl.ts'
import { readStart } from '@postern/core/internal'
import { whyNot } from '../sender/why-not.ts'
import { version } from '../version.ts'

interface AuditCommandOptions extends SenderOptions {
  readonly provider: string
  readonly effectUrl?: string
  readonly effect?: string
  readonly restart?: string
  readonly pid?: string
  readonly log?: string
  readonly case?: readonly string[]
  readonly seed?: string
  readonly rate?: string
  readonly timeout: string
  readonly failOn: string
  readonly framework?: string
  readonly allowHost?: string
  readonly nonce?: string
  readonly list?: boolean
  readonly json?: boolean
  readonly sarif?: boolean
  readonly source?: string
  readonly badge?: string
}

export function declare(command: Command): void {
  senderOptions(command)
    .requiredOption('-p, --provider <provider>', 'choose whose deliveries the URL accepts')
    .option('--effect-url <url>', 'read the number of effects from this URL')
    .option('--effect <argv>', 'run this program to count effects (JSON list)')
    .option('--restart <argv>', 'run this program to restart it (JSON list)')
    .option('--pid <number>', 'measure the memory of this process')
    .option('--log <file>', 'read the log of the receiver')
    .option('--case <id>', 'run cases whose names start with this; repeatable', many)
    .option('--seed <number>', 'set the random seed (default: random)')
    .option('--rate <number>', 'set requests per second (default: 5 to other hosts)')
    .option('--timeout <seconds>', 'set how long to wait for a reply', '5')
    .option('--fail-on <severity>', 'exit with 1 from: critical, high, medium, low', 'low')
    .option('--framework <name>', 'show fixes for: express, next, flask, php, go')
    .option('--allow-host <host>', 'audit this host, which you own')
    .option('--nonce <text>', 'set the text that the host serves')
    .option('--list', 'list the cases and send nothing')
    .option('--json', 'print JSON')
    .option('--sarif', 'print SARIF 2.1.0 for code scanning')
    .option('--source <file:line>', 'set file:line of the handler for --sarif')
    .option('--badge <file>', 'write the grade as an SVG')
    .addHelpText(
      'after',
      examples(
        'audit http://localhost:3000/webhooks/stripe --provider stripe --env .env',
        `audit http://localhost:3000/hooks --provider github --effect '["sqlite3","app.db","SELECT count(*) FROM pushes"]'`,
        'audit http://localhost:3000/hooks --provider slack --list',
      ),
    )
    .action(runAction(auditCommand))
}

/**
 * `postern audit`: tests a webhook endpoint. Exit code 1 if there are findings; 3 if no genuine delivery is accepted.
 */
async function auditCommand(url: string, options: AuditCommandOptions): Promise<ExitCode> {
  requireWebUrl('url', url)
  checkOptions(options)
  const seed = options.seed === undefined ? randomInt(1, 1e6) : countOption('--seed', options.seed)
  const made = await providerOf(options.provider, options)
  const { provider } = made
  if (!provider.sign)
    throw new Failure(
      2,
      `${made.about.title} cannot be audited: only the sender has the key that signs`,
    )
  const isHere = isThisMachine(url)
  const only = (id: string): boolean => options.case?.some((one) => id.startsWith(one)) ?? true
  const all = await battery(provider, { url, seed, more: networkCases })
  const cases = all.filter(({ id }) => only(id))
  if (cases.length === 0)
    throw new Failure(
      2,
      `--case must be the start of a case's name, got ${options.case?.join(', ')}; --list shows all`,
    )
  if (options.list) return sayList(cases, options)
  await requirePermission(url, options)
  const rate =
    options.rate === undefined ? (isHere ? undefined : 5) : numberOption('--rate', options.rate)
  const wire = createWire({
    timeout: numberOption('--timeout', options.timeout) * 1000,
    ...(rate !== undefined && { pause: 1000 / rate }),
  })
  const restart = options.restart === undefined ? undefined : restarter(options.restart, url)
  const effect = observerOf(options)
  const requests = cases
    .filter((one) => one.skip === undefined && (isHere || !one.heavy))
    .reduce((sum, one) => sum + one.sends().flat().length, 2)
  remark(
    `${url} as ${made.about.title}: at least ${requests} requests${rate === undefined ? '' : `, some ${lasting((requests / rate) * 1000)}`}`,
  )
  const bar = createBar()
  let played = 0
  try {
    const report = await audit({
      provider,
      url,
      seed,
      only,
      heavy: isHere,
      more: networkCases,
      send: wire.send,
      life: lifeOf(url, restart),
      quiet: 120,
      ...(restart && { restart }),
      ...(effect && { effect }),
      ...(options.log !== undefined && { log: logSince(options.log) }),
      ...(options.pid !== undefined && { memory: memoryOf(countOption('--pid', options.pid)) }),
      heard: ({ id }) => bar.show(id, ++played / cases.length),
    })
    bar.end()
    const facts = { about: made.about, secrets: made.secrets, variable: variableOf(made) }
    if (options.sarif) sayJson(sarifOf(report, sourceOption(options.source!)), 2)
    else if (options.json) sayJson(plainReport(report, facts), 2)
    else sayCard(report, { facts, stack: options.framework as RemedyStack | undefined })
    if (options.badge !== undefined) writeBadge(options.badge, report)
    if (report.passed.length === 0 && report.findings.length === 0) return 3
    return report.findings.some(({ severity }) => isAtLeast(severity, options.failOn)) ? 1 : 0
  } finally {
    bar.end()
    wire.close()
  }
}

const ORDER = ['critical', 'high', 'medium', 'low']
const STACKS = ['express', 'next', 'flask', 'php', 'go']

function isAtLeast(severity: Severity, least: string): boolean {
  return ORDER.indexOf(severity) >= 0 && ORDER.indexOf(severity) <= ORDER.indexOf(least)
}

function checkOptions(options: AuditCommandOptions): void {
  const { failOn, framework, sarif, json, source, badge } = options
  requireOneOf('--fail-on', failOn, ORDER)
  if (framework !== undefined) requireOneOf('--framework', framework, STACKS)
  if (sarif && json) throw new Failure(2, 'give --json or --sarif, not both')
  if (sarif && source === undefined)
    throw new Failure(2, '--sarif needs --source file:line: the findings are shown there')
  if (source !== undefined) sourceOption(source)
  if (badge === undefined) return
  if (options.case || options.list)
    throw new Failure(2, '--badge needs the grade of a complete audit: leave out --case and --list')
  checkBadge(badge)
}

function variableOf({ about, from }: MadeProvider): string {
  return /^[A-Z]\w*$/.test(from) ? from : variablesOf(about)[0]!
}

function sayList(cases: readonly AuditCase[], { json }: AuditCommandOptions): ExitCode {
  const rows = cases.map(({ id, severity, what, why, remedy, skip }) => ({
    id,
    severity,
    what,
    why,
    remedy,
    skip,
  }))
  if (json) sayJson(rows, 2)
  else {
    const lines = rows.map(({ id, severity, what, skip }) => [
      id,
      severity,
      skip ? `– ${skip}` : what,
    ])
    say(table([['case', 'severity', 'what is sent'], ...lines], { drops: ['severity'] }))
  }
  return 0
}

/** Returns the report for `--json`, without secrets and without requests, which contain signatures. */
function plainReport(report: AuditReport, facts: CurlFacts): object {
  const failure = ({
    case: judged,
    symptom,
    severity,
    came,
    request,
    reply,
  }: AuditFailure): object => ({
    case: judged.id,
    symptom,
    severity,
    sent: judged.what,
    came: hidden(came, facts),
    why: judged.why,
    ...(reply && { status: reply.status, reply: hidden(reply.body, facts).slice(0, 500) }),
    ...(request && { curl: curlOf(request, facts) }),
  })
  const { findings, notes, unconfirmed, ...rest } = report
  return {
    ...rest,
    findings: findings.map(({ id, severity, failures }) => ({
      id,
      severity,
      remedy: remedies[failures[0]!.case.remedy],
      failures: failures.map(failure),
    })),
    notes: notes.map(failure),
    unconfirmed: unconfirmed.map(failure),
  }
}

const FILE = '/.well-known/postern-audit.txt'
const MOST = 1024

/**
 * Checks that the user may audit the host of the URL. An audit of this machine is always allowed. Any other host must
 * be named in `--allow-host`, and serve a nonce that this command created.
 *
 * @throws Failure if the user may not audit the host.
 */
async function requirePermission(
  url: string,
  { allowHost, nonce }: { readonly allowHost?: string; readonly nonce?: string },
): Promise<void> {
  if (isThisMachine(url)) return
  const { hostname, origin } = new URL(url)
  if (allowHost !== hostname)
    throw new Failure(
      2,
      `${hostname} is another host: if you own it, give --allow-host ${hostname}; an audit sends it forged and odd requests`,
    )
  if (nonce === undefined)
    throw new Failure(
      2,
      `prove that you own ${hostname}: serve the nonce there, then run the command again with --nonce`,
      {
        rows: [
          `  serve  ${origin}${FILE} with this text`,
          `  pass   --nonce postern-audit-${randomBytes(16).toString('hex')}`,
        ],
      },
    )
  if (!/^postern-audit-[\da-f]{32}$/.test(nonce))
    throw new Failure(2, '--nonce must be one that this command made: leave it out to get one')
  if ((await served(origin)).trim() !== nonce)
    throw new Failure(2, `${origin}${FILE} must serve the text of --nonce and nothing else`)
}

async function served(origin: string): Promise<string> {
  try {
    const response = await fetch(`${origin}${FILE}`, {
      redirect: 'error',
      signal: AbortSignal.timeout(10_000),
    })
    return response.ok ? new TextDecoder().decode(await readStart(response.body, MOST)) : ''
  } catch (error) {
    throw new Failure(3, `${origin}${FILE} did not answer: ${whyNot(error)}`, { cause: error })
  }
}

const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  note: 'note',
}

/**
 * Returns the findings as SARIF 2.1.0, for code scanning.
 *
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
function sarifOf(report: AuditReport, source: ReturnType<typeof sourceOption>): object {
  const found = report.findings.map(({ id, severity, failures }) => ({
    id,
    severity,
    worst: failures[0]!,
    failures,
  }))
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'postern audit',
            semanticVersion: version(),
            informationUri: 'https://www.npmjs.com/package/postern',
            rules: found.map(({ id, severity, worst }) => ({
              id,
              shortDescription: { text: worst.case.what },
              fullDescription: { text: worst.case.why },
              help: { text: remedies[worst.case.remedy].does },
              defaultConfiguration: { level: LEVELS[severity] },
            })),
          },
        },
        results: found.map(({ id, severity, worst, failures }, ruleIndex) => ({
          ruleId: id,
          ruleIndex,
          level: LEVELS[severity],
          message: {
            text: `Sent: ${worst.case.what}. Came: ${worst.came}. ${worst.case.why} ${remedies[worst.case.remedy].does} Cases: ${failures.map((one) => one.case.id).join(', ')}.`,
          },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: source.uri },
                region: { startLine: source.line },
              },
            },
          ],
        })),
      },
    ],
  }
}

function sourceOption(text: string): { readonly uri: string; readonly line: number } {
  const [, uri, line] = /^(.+):([1-9]\d*)$/.exec(text) ?? []
  if (uri === undefined)
    throw new Failure(2, `--source must be file:line, as in app/webhooks/route.ts:12, got ${text}`)
  return { uri: encodeURI(uri.replaceAll('\\', '/')), line: Number(line) }
}
