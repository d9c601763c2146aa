import {
  remedies,
  untestedStacks,
  type AuditFinding,
  type AuditReport,
  type RemedyStack,
  type Severity,
} from '@postern/testing/audit'
import { say } from '../print/say.ts'
import { counted, lasting } from '../print/style.ts'
import { shown, styled } from '../print/terminal.ts'
import { curlOf, type CurlFacts } from './curl.ts'

/** What the card shows next to the report. */
interface CardOptions {
  readonly facts: CurlFacts
  /** The kind of app whose remedies are shown. @default all */
  readonly stack?: RemedyStack | undefined
}

const SIGNS: Readonly<
  Record<Severity, readonly [sign: string, format: 'red' | 'yellow' | 'gray']>
> = {
  critical: ['✕', 'red'],
  high: ['✕', 'red'],
  medium: ['⊘', 'yellow'],
  low: ['⊘', 'gray'],
  note: ['–', 'gray'],
}

/** Prints the report card: the first line answers. */
export function sayCard(report: AuditReport, options: CardOptions): void {
  const { grade, reason, findings, notes, unknown, skipped, unconfirmed, passed } = report
  say(`${styled('bold', grade ?? 'no grade')}  ${reason}`)
  for (const finding of findings) sayFinding(finding, options)
  if (notes.length > 0) say('')
  for (const { case: judged, came } of notes)
    say(`${styled('gray', '–')} note  ${judged.id}: ${judged.what}; ${shown(came)}. ${judged.why}`)
  for (const { id, reason: why } of unknown) say(`? unknown  ${id}: ${why}`)
  for (const { case: judged, came } of unconfirmed)
    say(`? once  ${judged.id}: ${shown(came)}; it did not happen again`)
  say(
    `\n${counted(passed.length, 'case')} passed, ${skipped.length} do not apply (--list says why), ${counted(report.requests, 'request')} in ${lasting(report.ms)}, seed ${report.seed}`,
  )
  say(
    'Not judged: the timing of the comparison, the order of events, and handlers that fail half-way.',
  )
}

function sayFinding({ id, severity, failures }: AuditFinding, { facts, stack }: CardOptions): void {
  const [sign, format] = SIGNS[severity]
  const [worst] = failures
  const { case: judged, came, request, reply } = worst!
  const remedy = remedies[judged.remedy]
  const others = failures.slice(1).map((one) => one.case.id)
  say(`\n${styled(format, `${sign} ${severity}`)}  ${id}`)
  say(`  sent    ${judged.what} (${judged.id})`)
  say(
    `  came    ${shown(came)}${reply && reply.body !== '' ? `  ${shown(hidden(reply.body, facts), 120)}` : ''}`,
  )
  if (others.length > 0) say(`  also    ${others.join(', ')}`)
  say(`  why     ${judged.why}`)
  say(`  do      ${remedy.does}`)
  for (const [name, lines] of Object.entries(remedy.lines)) {
    if (stack !== undefined && name !== stack) continue
    const mark = untestedStacks.includes(name as RemedyStack) ? ' (untested)' : ''
    say(`    ${styled('gray', `${name}${mark}`)}`)
    for (const line of lines) say(`      ${line}`)
  }
  const curl = request && curlOf(request, facts)
  if (curl === undefined) return say(`  again   --case ${judged.id}`)
  say('  again')
  for (const line of curl.split('\n')) say(`    ${line}`)
}

/** A text without the secrets. */
export function hidden(text: string, { secrets }: CurlFacts): string {
  return secrets.reduce(
    (left, secret) => (secret.length > 3 ? left.replaceAll(secret, '<secret>') : left),
    text,
  )
}
