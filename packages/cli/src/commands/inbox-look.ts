import { filterOf, type InboxCommandOptions } from '../inbox-options.ts'
import { withInbox, type OpenInbox } from '../inbox.ts'
import { Failure, plainMember, remark, say, sayJson, type ExitCode } from '../outcome.ts'
import { rowsOf } from '../pages.ts'
import { counted, lasting, shortId, state, table, timeOf } from '../style.ts'
import { shown } from '../terminal.ts'
import { sinceOption } from '../time-option.ts'

const MORE = 'there are more: raise --limit, or narrow the filter'
const MOST_TEXT = 20_000

/** `postern inbox list`. */
export async function listCommand(options: InboxCommandOptions): Promise<ExitCode> {
  return withInbox<ExitCode>(options, async ({ view }) => {
    const filter = filterOf(options)
    const { rows, more } = await rowsOf(options.limit, (page) => view.list({ ...filter, ...page }))
    if (options.json) sayJson({ tasks: rows, more }, 2)
    else if (rows.length === 0) remark('no task matches')
    else
      say(
        table([
          ['received', 'state', 'subscription', 'topic', 'attempts', 'task', 'error'],
          ...rows.map((task) => [
            timeOf(task.receivedAt),
            state(task.state),
            shown(task.subscription),
            shown(task.event.topic),
            String(task.attempts),
            shown(task.id),
            shown(task.error?.message ?? '', 80),
          ]),
        ]),
      )
    if (more && !options.json) remark(MORE)
    return 0
  })
}

/** `postern inbox show <task>`. */
export async function showCommand(id: string, options: InboxCommandOptions): Promise<ExitCode> {
  return withInbox<ExitCode>(options, async ({ view, journal }) => {
    const task = await view.get(id)
    if (!task) throw new Failure(1, `no task has the id ${id}: \`postern inbox list\` shows ids`)
    const attempts = (await journal?.attempts(id)) ?? []
    if (options.json) {
      sayJson({ ...task, delivery: { ...task.delivery, encoding: 'base64' }, history: attempts }, 2)
      return 0
    }
    const { event, record, delivery } = task
    say(
      `${shown(event.topic)}  ${shortId(event.id ?? 'no id')}  ${state(task.state)}  ${shown(task.subscription)}`,
    )
    say(`received ${new Date(task.receivedAt).toISOString()}, ${counted(task.attempts, 'attempt')}`)
    if (record.erased) say('its contents were erased')
    for (const one of attempts)
      say(
        `  #${one.attempt}  ${timeOf(one.startedAt)}  ${shown(one.outcome)}  ${one.duration === undefined ? '' : lasting(one.duration)}  ${shown(one.error?.message ?? '', 160)}`.trimEnd(),
      )
    say(`\npayload\n${payloadOf(record.payload)}`)
    say(
      `\nheaders\n${table(delivery.headers.map(([name, value]) => [`  ${shown(name)}`, shown(value)]))}`,
    )
    return 0
  })
}

/** `postern inbox deliveries`: deliveries and their replies. */
export async function deliveriesCommand(options: InboxCommandOptions): Promise<ExitCode> {
  return withInbox<ExitCode>(options, async (inbox) => {
    const journal = journalOf(inbox)
    const { receiver, provider, topic, eventId, text, outcome, code } = options
    const since = sinceOption('--since', options.since)
    const until = sinceOption('--until', options.until)
    const given = { receiver, provider, topic, eventId, text, outcome, code, since, until }
    const filter = Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined),
    )
    const { rows, more } = await rowsOf(options.limit, (page) =>
      journal.deliveries({ ...filter, ...page }),
    )
    if (options.json) sayJson({ deliveries: rows, more }, 2)
    else if (rows.length === 0) remark('no delivery matches')
    else
      say(
        table([
          ['arrived', 'outcome', 'reply', 'took', 'receiver', 'topics', 'delivery', 'why'],
          ...rows.map((one) => [
            timeOf(one.at),
            state(one.outcome),
            String(one.status),
            lasting(one.took),
            shown(one.receiver),
            shown(one.topics.join(', ') || '?', 60),
            shown(one.id),
            shown(one.code === undefined ? '' : `${one.code}: ${one.reason ?? ''}`, 100),
          ]),
        ]),
      )
    if (more && !options.json) remark(MORE)
    return 0
  })
}

/** `postern inbox causes`: dead and failing tasks by their error. */
export async function causesCommand(options: InboxCommandOptions): Promise<ExitCode> {
  return withInbox<ExitCode>(options, async ({ view }) => {
    const { receiver, subscription } = options
    const causes = await view.causes({
      ...(receiver !== undefined && { receiver }),
      ...(subscription !== undefined && { subscription }),
    })
    if (options.json) sayJson({ causes }, 2)
    else if (causes.length === 0) say('All is well: no task failed.')
    else
      say(
        table([
          ['dead', 'retrying', 'subscription', 'last', 'cause', 'error'],
          ...causes.map((one) => [
            String(one.dead),
            String(one.retrying),
            shown(one.subscription),
            timeOf(one.last),
            shown(one.cause),
            shown(one.sample.message, 100),
          ]),
        ]),
      )
    return 0
  })
}

/** `postern inbox stats`. */
export async function statsCommand(options: InboxCommandOptions): Promise<ExitCode> {
  return withInbox<ExitCode>(options, async ({ view }) => {
    const lanes = await view.stats()
    if (options.json) sayJson({ subscriptions: lanes }, 2)
    else
      say(
        table([
          ['receiver', 'subscription', 'pending', 'running', 'done', 'dead', 'oldest due'],
          ...lanes.map(({ receiver, subscription, counts, oldest }) => [
            shown(receiver),
            shown(subscription),
            ...[counts.pending, counts.running, counts.done, counts.dead].map(String),
            oldest === undefined ? '' : lasting(Math.max(0, Date.now() - oldest)),
          ]),
        ]),
      )
    return 0
  })
}

/** A payload as JSON, a line for each member: what could move the cursor is taken out. */
function payloadOf(payload: unknown): string {
  const text = payload === undefined ? 'none' : JSON.stringify(payload, plainMember, 2)
  const lines = text.slice(0, MOST_TEXT).split('\n')
  const rest = text.length > MOST_TEXT ? [`… ${text.length} characters in all: see --json`] : []
  return [...lines.map((line) => shown(line, MOST_TEXT)), ...rest].join('\n')
}

function journalOf({ journal, name }: OpenInbox): NonNullable<OpenInbox['journal']> {
  if (!journal) throw new Failure(2, `${name} keeps no journal of what arrived`)
  return journal
}
