import { headerOf, REJECTED, TAKEN, withHeaders, type HostileCase, type Step } from '../case.ts'
import { caseOf, type Genuine } from '../genuine.ts'

const TOPICS = [
  'x-github-event',
  'x-gitlab-event',
  'x-event-key',
  'x-shopify-topic',
  'x-wc-webhook-topic',
  'linear-event',
  'sentry-hook-resource',
  'sanity-operation',
  'sanity-transaction-time',
  'x-contentful-topic',
  'x-zendesk-webhook-topic',
  'x-adobe-topic',
  'x-event-type',
  'x-topic',
  'twitch-eventsub-message-type',
  'ce-type',
  'aeg-event-type',
]
const QUERY =
  'command=%2Fdeploy&user_id=UADMIN&type=evil&topic=evil&event=evil&payload=%7B%22evil%22%3A1%7D&id=evil'

/** Additional headers in a captured delivery have no effect, or the delivery is rejected. */
export function heads(genuine: Genuine): readonly HostileCase[] {
  const { covers } = genuine.provider()
  const { wire, runs } = genuine
  const cases: HostileCase[] = []
  const add = (kind: string, what: string, step: Step, orNone: boolean): void =>
    void cases.push(caseOf(genuine, kind, what, step, { runs, orNone }))
  const either = [...TAKEN, ...REJECTED]

  const url = `${wire.url}${wire.url.includes('?') ? '&' : '?'}${QUERY}`
  const status = covers.url ? either : TAKEN
  add('query', 'a query that was added', { wire: { ...wire, url }, status }, covers.url === true)

  const added = TOPICS.filter((header) => headerOf(wire, header) === undefined)
  const topics = Object.fromEntries(added.map((header) => [header, 'evil']))
  add('topic', 'topics of other senders', { wire: withHeaders(wire, topics), status: TAKEN }, false)
  if (covers.topic !== false) {
    for (const header of TOPICS.filter((one) => headerOf(wire, one) !== undefined)) {
      const swapped = withHeaders(wire, { [header]: 'evil' })
      add('topic', `${header} swapped`, { wire: swapped, status: either }, true)
    }
  }
  for (const [header, value] of wire.headers) {
    if (!/[\w+/=-]{16}/.test(value) || /^(?:content-|user-agent|host)/i.test(header)) continue
    const twice = { ...wire, headers: [...wire.headers, [header, value] as const] }
    add('duplicate header', `${header} twice`, { wire: twice, status: either }, true)
    const other = { ...wire, headers: [[header, flipped(value)] as const, ...wire.headers] }
    add('duplicate header', `another ${header} before it`, { wire: other, status: either }, true)
  }
  return cases
}

function flipped(value: string): string {
  const at = value.search(/[\w+/=-]{16}/) + 8
  return `${value.slice(0, at)}${value[at] === '0' ? '1' : '0'}${value.slice(at + 1)}`
}
