import type { EndpointStatus, Plan, Step, StepResult } from '@postern/registrar'
import { timeOf } from '../print/style.ts'
import { table } from '../print/table.ts'
import { shown, styled } from '../print/terminal.ts'

const SIGNS = {
  create: ['+', 'green'],
  update: ['~', 'yellow'],
  replace: ['±', 'yellow'],
  delete: ['-', 'red'],
} as const

export function planLines({ provider, account, steps, warnings }: Plan): string {
  const head = styled('bold', shown(`${provider}: ${account}`))
  const body = steps.flatMap((step) => [stepLine(step), ...changes(step)])
  return [
    head,
    ...(steps.length === 0 ? ['  nothing to change'] : body),
    ...warnings.map((warning) => `  ${styled('yellow', '!')} ${shown(warning, 600)}`),
  ].join('\n')
}

export function resultLines(results: readonly StepResult[]): string {
  return results
    .map(({ state: ended, reason, ...step }) => {
      const mark = { done: '● done', pending: '○ pending', failed: '✕ failed' }[ended]
      return `${stepLine(step)}  ${mark}${reason === undefined ? '' : `: ${shown(reason, 600)}`}`
    })
    .join('\n')
}

export function statusLines(found: readonly EndpointStatus[]): string {
  return table(
    [
      ['state', 'endpoint', 'topics', 'last failure'],
      ...found.map(({ delivering, state: at, id, topics, failures: [last] }) => [
        delivering === false
          ? `${styled('red', '✕')} ${shown(at === 'active' ? 'off' : at, 40)}`
          : `${styled('green', '●')} delivers`,
        shown(id),
        shown(topics.join(', '), 60),
        last === undefined
          ? ''
          : [
              last.at === undefined ? '' : timeOf(last.at),
              shown(String(last.status ?? '')),
              shown(last.reason ?? ''),
            ]
              .filter((part) => part !== '')
              .join(' '),
      ]),
    ],
    { drops: ['topics'] },
  )
}

function stepLine({ do: verb, kind, id, before, after, why }: Step): string {
  const [sign, format] = SIGNS[verb]
  const what = [`${verb} ${shown(kind)}`, shown(id ?? ''), shown((after ?? before)?.url ?? '')]
    .filter(Boolean)
    .join(' ')
  return `  ${styled(format, sign)} ${what}  ${styled('gray', shown(why))}`
}

function changes({ before, after }: Step): readonly string[] {
  const lines: string[] = []
  if (before && after && before.url !== after.url)
    lines.push(removed(`url ${before.url}`), added(`url ${after.url}`))
  const had = new Set(before?.topics)
  const has = new Set(after?.topics)
  const plus = [...has].filter((topic) => !had.has(topic))
  const minus = after ? [...had].filter((topic) => !has.has(topic)) : []
  if (minus.length > 0) lines.push(removed(`topics ${minus.join(', ')}`))
  if (plus.length > 0) lines.push(added(`topics ${plus.join(', ')}`))
  for (const [name, value] of Object.entries(after?.settings ?? {})) {
    // A new endpoint always has a secret, so it is not listed as a change.
    if (name === 'secret' && !before) continue
    const old = before?.settings?.[name]
    if (old === value) continue
    if (old !== undefined) lines.push(removed(`${name} ${String(old)}`))
    lines.push(added(`${name} ${String(value)}`))
  }
  return lines
}

const added = (text: string): string => `      ${styled('green', `+ ${shown(text, 600)}`)}`
const removed = (text: string): string => `      ${styled('red', `- ${shown(text, 600)}`)}`
