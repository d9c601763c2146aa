import { randomUUID } from 'node:crypto'
import { accessSync, constants, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  auditBadge,
  auditCard,
  gradeRule,
  remedies,
  untestedStacks,
  type AuditCard,
  type AuditFinding,
  type AuditReport,
  type RemedyStack,
  type Severity,
} from '@postern/testing/audit'
import { Failure, remark, say, sayWhole } from '../print/say.ts'
import { counted, lasting } from '../print/style.ts'
import { shown, styled } from '../print/terminal.ts'
import { columnsOf, widthOf, wrapped } from '../print/width.ts'
import { readRegular } from '../request/regular-file.ts'
import { whyNot } from '../sender/why-not.ts'
import { curlOf, type CurlFacts } from './curl.ts'

interface CardOptions {
  readonly facts: CurlFacts
  /** Framework or language for which fixes are shown. @default all */
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

/** Prints the grade in the first line, then all findings, and at the end the card: a summary in a box. */
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
  say(`\n${boxed(cardLines(auditCard(report)), Math.min(columnsOf(), WIDEST))}`)
}

// Maximum width of the card, in columns of the terminal.
const WIDEST = 78
// Maximum number of findings on a card.
const MOST = 5

function cardLines(card: AuditCard): readonly string[] {
  const { sender, grade, reason, passed, failed, skipped, unknown, costs } = card
  const format = grade === undefined ? 'gray' : GRADES[grade]
  const more = costs.length - MOST
  return [
    `${styled(['bold', format], grade ?? '–')}  ${styled('bold', `webhook audit of ${shown(sender)}`)}`,
    `   ${passed} passed · ${failed} failed · ${skipped} skipped · ${unknown} unknown`,
    `   ${shown(reason)}`,
    ...costs.slice(0, MOST).map(({ id, severity, sent, came, cases }) => {
      const [sign, color] = SIGNS[severity]
      const others = cases === 1 ? '' : `, and ${counted(cases - 1, 'case')} more`
      return `   ${styled(color, `${sign} ${severity}`)} ${id}: ${sent}: ${shown(came)}${others}`
    }),
    ...(more > 0 ? [`   and ${counted(more, 'finding')} more`] : []),
    styled('gray', `   ${gradeRule}`),
  ]
}

const GRADES = { A: 'green', B: 'green', C: 'yellow', D: 'red', F: 'red' } as const

function boxed(lines: readonly string[], columns: number): string {
  const room = columns - 4
  const edge = '─'.repeat(columns - 2)
  return [
    `┌${edge}┐`,
    ...lines.flatMap((line) =>
      wrapped(line, room, 5).map((one) => `│ ${one}${' '.repeat(room - widthOf(one))} │`),
    ),
    `└${edge}┘`,
  ].join('\n')
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
    for (const line of lines) sayWhole(`      ${line}`)
  }
  const curl = request && curlOf(request, facts)
  if (curl === undefined) return say(`  again   --case ${judged.id}`)
  say('  again')
  for (const line of curl.split('\n')) sayWhole(`    ${line}`)
}

export function hidden(text: string, { secrets }: CurlFacts): string {
  return secrets.reduce(
    (left, secret) => (secret.length > 3 ? left.replaceAll(secret, '<secret>') : left),
    text,
  )
}

/**
 * Checks, before any request is sent, that the badge can be written. An existing file may be replaced only if it is an
 * SVG.
 *
 * @throws Failure if the badge cannot be written.
 */
export function checkBadge(file: string): void {
  const known = statSync(file, { throwIfNoEntry: false })
  if (known && !readRegular(file, '--badge').subarray(0, 4).equals(SVG))
    throw new Failure(2, `--badge must be a new file or an SVG, got ${file}: it is left as it is`)
  try {
    accessSync(dirname(file), constants.W_OK)
  } catch (error) {
    throw new Failure(2, `--badge must be in a folder that can be written, got ${file}`, {
      cause: error,
    })
  }
}

const SVG = Buffer.from('<svg')

/**
 * Writes the badge in one step, so that other programs do not read half a file. Without a grade, keeps the old badge.
 */
export function writeBadge(file: string, report: AuditReport): void {
  if (report.grade === undefined)
    return remark(`${shown(file)} was not written: ${shown(report.reason, 600)}`)
  const next = `${file}.${randomUUID()}`
  try {
    writeFileSync(next, auditBadge(auditCard(report)), { flag: 'wx' })
    renameSync(next, file)
  } catch (error) {
    rmSync(next, { force: true })
    throw new Failure(3, `--badge: ${file} was not written: ${whyNot(error)}`, { cause: error })
  }
  remark(`wrote ${shown(file)}: grade ${report.grade}`)
}
