import type { Answer, HeadChange } from '../judge.ts'
import type { BodyDiff } from '../../../core/src/explain/index.ts'

type Child = Node | string
const CERTAINTY = { proven: '●', likely: '○', possible: '·' } as const

/** Makes an element. Values from outside are text, not markup. */
export function element(name: string, className: string, ...children: Child[]): HTMLElement {
  const made = document.createElement(name)
  if (className !== '') made.className = className
  made.append(...children)
  return made
}

/** Returns elements that show the verdict, its findings, and how the request was changed on its way. */
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

function bodyView({ summary, parts }: BodyDiff): HTMLElement {
  const pre = element(
    'pre',
    'explain-body',
    ...parts.map(({ kind, text }) =>
      kind === 'same' || kind === 'cut' ? text : element(kind === 'came' ? 'del' : 'ins', '', text),
    ),
  )
  pre.tabIndex = 0
  pre.setAttribute('role', 'region')
  pre.setAttribute('aria-label', 'The body, with what was changed')
  return element('div', '', element('p', 'explain-what', `body: ${summary}`), pre)
}
