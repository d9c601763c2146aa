import type { Answer, HeadChange } from '../judge.ts'
import type { Run } from '../difference.ts'

type Child = Node | string
const CERTAINTY = { proven: '●', likely: '○', possible: '·' } as const

/** An element. What came from outside is text, never markup. */
export function element(name: string, className: string, ...children: Child[]): HTMLElement {
  const made = document.createElement(name)
  if (className !== '') made.className = className
  made.append(...children)
  return made
}

/** The verdict, its findings, and what was changed on the way. */
export function verdictOf(answer: Extract<Answer, { kind: 'said' }>): readonly Node[] {
  const { found, sender, heads, body } = answer
  const { verdict, code, findings, stats } = found
  const head =
    verdict === 'accepted'
      ? element('p', 'explain-head is-accepted', `● accepted: ${sender.title} signed this request.`)
      : element(
          'p',
          'explain-head is-rejected',
          `✕ rejected by ${sender.title}’s rules: `,
          errorLink(code!),
        )
  const list = findings.map(({ cause, certainty, message, remedy }) =>
    element(
      'div',
      `explain-finding is-${certainty}`,
      element(
        'p',
        '',
        `${CERTAINTY[certainty]} ${certainty} `,
        element('strong', '', cause),
        ` ${message}`,
      ),
      element('p', 'explain-remedy', `Remedy: ${remedy}`),
    ),
  )
  const nothing =
    verdict === 'rejected' && findings.length === 0
      ? [element('p', '', 'Nothing that is known explains it.')]
      : []
  return [
    head,
    ...list,
    ...nothing,
    ...(heads.length > 0 ? [headTable(heads)] : []),
    ...(body ? [bodyView(body)] : []),
    element(
      'p',
      'explain-note',
      `${stats.attempts} changes tried in ${Math.round(stats.ms)} ms${stats.stopped ? '; the search was stopped' : ''}`,
    ),
  ]
}

function errorLink(code: string): HTMLElement {
  const link = element('a', '', code) as HTMLAnchorElement
  link.href = `/errors/${code}/`
  return link
}

function headTable(heads: readonly HeadChange[]): HTMLElement {
  const rows = heads.map(({ what, came, signed }) =>
    element(
      'div',
      'explain-line',
      element('p', 'explain-what', what),
      element(
        'pre',
        '',
        element('del', '', came === '' ? 'did not come' : came),
        '\n',
        element('ins', '', signed === '' ? 'was not there' : signed),
      ),
    ),
  )
  return element('div', 'explain-heads', ...rows)
}

function bodyView(runs: readonly Run[]): HTMLElement {
  const count = (kind: Run['kind']): number =>
    runs.reduce((sum, run) => (run.kind === kind ? sum + run.bytes.length : sum), 0)
  const pre = element(
    'pre',
    'explain-body',
    ...runs.map(({ kind, bytes }, at) =>
      kind === 'same'
        ? shortened(bytes, at === 0, at === runs.length - 1)
        : element(kind === 'came' ? 'del' : 'ins', '', marked(bytes)),
    ),
  )
  pre.tabIndex = 0
  pre.setAttribute('role', 'region')
  pre.setAttribute('aria-label', 'The body, with what was changed')
  return element(
    'div',
    '',
    element(
      'p',
      'explain-what',
      'body: ',
      ...(count('came') > 0
        ? [element('del', '', `${bytes(count('came'))} came that were not signed`)]
        : []),
      ...(count('came') > 0 && count('signed') > 0 ? [', '] : []),
      ...(count('signed') > 0
        ? [element('ins', '', `${bytes(count('signed'))} were signed that did not come`)]
        : []),
    ),
    pre,
  )
}

function bytes(count: number): string {
  return count === 1 ? '1 byte' : `${count} bytes`
}

// Characters beside a change.
const AROUND = 160

function shortened(bytes: Uint8Array, isFirst: boolean, isLast: boolean): string {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  if (text.length <= AROUND * 3) return text
  const before = isFirst ? '' : text.slice(0, AROUND)
  const after = isLast ? '' : text.slice(-AROUND)
  return `${before} … ${bytes.length} equal bytes … ${after}`
}

const SIGNS: Readonly<Record<string, string>> = {
  ' ': '·',
  '\t': '⇥',
  '\n': '↵\n',
  '\r': '␍',
  '\uFEFF': '[BOM]',
}

/** Bytes of a change: blanks are seen, and what is no UTF-8 stands as its numbers. */
function marked(bytes: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return text.replaceAll(/[ \t\n\r\uFEFF]/g, (sign) => SIGNS[sign]!)
  } catch {
    return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
  }
}
