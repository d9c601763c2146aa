import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hostNames } from '../../cli/src/hosts.ts'
import { setupRows } from '../../cli/src/sender/setup.ts'
import { snippetOf } from '../../cli/src/sender/snippet.ts'
import { variablesOf } from '../../cli/src/sender/sender.ts'
import { factoryOf } from '../../cli/src/sender/written.ts'
import type { CatalogueEntry } from '../../providers/src/index.ts'
import { senders } from '../../registrar/src/catalogue.ts'
import { answers } from '../../../test/readme/shown.ts'
import type { Run } from '../../../test/official/newest/page.ts'
import type { Page } from './page.ts'
import { hasNoId, testFileOf } from './test-file.ts'
import { code, explainForm, lasting, plain, table } from './text.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const official = JSON.parse(
  readFileSync(join(root, 'test/official/newest/results.json'), 'utf8'),
) as Run

const SETUP =
  'In a folder after `npm init -y && npm pkg set type=module`, as `app.ts`: Node.js 22.18 or newer runs it with `node app.ts`. It answers 200 once the event is stored, and 401 to what is forged; then the handler runs: once, and again if the process dies before its end is stored, so give `task.idempotencyKey` to what must not happen twice. Events lie in `webhooks.db` and the files beside it (`webhooks.db*` in .gitignore); apps with `postgresInbox` keep them in the database of `DATABASE_URL`. Before production: [the checklist](/start/checklist/).'

const SIGNED =
  '`deliver` gives `{ status, reply, refusal, events, tasks }`. For the receiver of your app, export it and its provider from a file of their own, which the app imports; a test sets the secret and a path of its own for the inbox, and then imports it. For an app that runs, give `deliver` its URL: `deliver(url, signed(provider, topic, {}, { url }))` waits for the reply alone. `signed` makes a sample of the topic, new at each call: to send one again, `clone()` it. Its third argument is laid over the payload, and its fourth has `id`, `at`, `url`, `headers` and `secret`.'

// The page has these; the others are loaded when somebody chooses one.
const FIRST = 5

/** The page of a sender: all of it comes from what the code says of it. */
export function providerPage(about: CatalogueEntry): Page {
  const { title } = about
  const apps = hostNames.map((host) => [host, code(snippetOf(about, host))] as const)
  const shared = sections(about)
  return {
    slug: `providers/${slugOf(about)}`,
    title: `Receive ${title} webhooks in Node.js`,
    description: `Verify, store and handle ${title} webhooks: ${about.scheme}. A whole app for each host, a test in one call, and why a signature does not match.`,
    text: [
      facts(about),
      '## The whole app',
      SETUP,
      ...apps.map(([host, app]) => `### ${host}\n\n${install(about, host)}\n\n${app}`),
      ...shared,
    ].join('\n\n'),
    mdx: [
      `import { Tabs, TabItem } from '@astrojs/starlight/components'\nimport Explain from '../../../components/explain.astro'\nimport MoreHosts from '../../../components/more-hosts.astro'`,
      facts(about),
      '## The whole app',
      SETUP,
      '<Tabs syncKey="host">',
      ...apps
        .slice(0, FIRST)
        .map(
          ([host, app]) =>
            `<TabItem label="${host}">\n\n${install(about, host)}\n\n${app}\n\n</TabItem>`,
        ),
      '</Tabs>',
      `<MoreHosts slug="providers/${slugOf(about)}" hosts={${JSON.stringify(hostNames.slice(FIRST))}} />`,
      ...shared.map((part) =>
        part === refused(about) ? `${part}\n\n${explainForm(about.name, title)}` : part,
      ),
    ].join('\n\n'),
  }

  function install(one: CatalogueEntry, host: (typeof hostNames)[number]): string {
    const packages = [...snippetOf(one, host).matchAll(/from '((?:@[^/']+\/)?[^/']+)/g)]
      .map(([, from]) => from!)
      .filter((from) => !from.startsWith('node:'))
    return code(`npm install ${[...new Set(packages)].join(' ')}`, 'sh')
  }
}

/** What its official library said of the same deliveries, when it was last asked. */
function officialOf(name: string): readonly string[] {
  const { date, rows } = official
  return rows
    .filter(({ sender }) => sender === name)
    .map(
      (row) =>
        `\`${row.package} ${row.version}\`, asked on ${date}: ${row.cases} deliveries, ${row.differences.length === 0 ? 'no difference' : `${row.differences.length} judged otherwise, each for a reason`}`,
    )
}

/** The part of its address that is its own. */
export function slugOf({ name }: Pick<CatalogueEntry, 'name'>): string {
  return name.replaceAll('.', '-')
}

function facts(about: CatalogueEntry): string {
  const { delivers, place, tolerance } = about
  const said = (value: number | string, words: (value: number) => string): string =>
    typeof value === 'number' ? words(value) : value
  const lies =
    place === undefined
      ? 'unknown'
      : Object.entries(place)
          .map(([kind, where]) => `${kind} \`${String(where)}\``)
          .join(', ')
  return table(
    ['what', `at ${plain(about.title)}`],
    [
      ['scheme', plain(about.scheme)],
      ['the signature lies in', lies],
      [
        'a signed time may be off by',
        tolerance === 'none'
          ? about.covers?.timestamp
            ? 'nothing is stated: see the notes'
            : 'no time is signed'
          : said(tolerance, (seconds) => lasting(seconds * 1000)),
      ],
      ['answer within', said(delivers.within, lasting)],
      ['largest body', said(delivers.largest, (bytes) => `${bytes.toLocaleString('en')} bytes`)],
      [
        'delivers again',
        said(delivers.retries, (ms) => (ms === 0 ? 'never' : `for ${lasting(ms)}`)),
      ],
      ['checked', `${about.checked}, ${plain(delivers.source)}`],
      ...officialOf(about.name).map((row) => ['its own library', row]),
    ],
  )
}

function sections(about: CatalogueEntry): readonly string[] {
  const { title, topics, handshakes, delivers } = about
  const [variable] = variablesOf(about)
  const { factory } = factoryOf(about)
  return [
    '## Where to click',
    table(
      ['step', 'where'],
      setupRows(about).map(([what, where]) => [what, plain(where)]),
    ),
    about.secretOption === undefined
      ? `${title} has no secret to set: the key is public, or is fetched from the sender.`
      : `The apps above read the secret from the variable \`${variable}\`, and pass it as \`${about.secretOption}\`.`,
    '## What is signed, and what follows',
    plain(covered(about)),
    ...(hasNoId(about)
      ? [
          `${plain(title)} gives its events no id, as far as its sample shows: a delivery that comes twice is handled twice. With \`dedupe: 'digest'\` in \`createReceiver\` equal bodies count as one event.`,
        ]
      : []),
    '## Topics',
    topics.map((topic) => `\`${topic}\``).join(', '),
    `Subscribe with one of them, with a pattern such as \`${patternOf(topics)}\`, or with \`receiver.onAny(handler)\` for all.`,
    `\`event.payload\` is the body that ${plain(title)} sent, parsed. Its type is \`unknown\` until you give one: \`${factory}<{ ${quoted(topics[0] ?? 'order.created')}: YourType }>({ … })\`, a schema in \`on(topic, { schema }, handler)\`${typed(about)}.`,
    '## Handshake',
    handshakes.length === 0
      ? `${plain(title)} asks no challenge.`
      : `Answered by the receiver itself: ${plain(handshakes.join(', '))}.`,
    '## What the sender does',
    table(
      ['your answer', `what ${plain(title)} does`],
      [
        [`${plain(delivers.ok)}`, 'takes the delivery as done'],
        [
          'a redirect',
          delivers.redirect === 'unknown'
            ? 'unknown'
            : delivers.redirect === 'failure'
              ? 'takes it for a failure'
              : 'follows it',
        ],
        ['4xx', plain(delivers.after4xx)],
        [
          '5xx, or silence',
          typeof delivers.retries === 'number'
            ? delivers.retries === 0
              ? 'does not deliver again'
              : `delivers again, for ${lasting(delivers.retries)}`
            : 'unknown',
        ],
        ['always a failure', `gives up: ${plain(delivers.givesUp)}`],
      ],
    ),
    `Source: ${plain(delivers.source)}, read ${about.checked}. What it does not state is \`unknown\` here.`,
    `A reply with content comes from \`receiver.answer('${topics[0] ?? 'topic'}', (event) => ({ … }))\`; \`on\` alone answers with an empty body.`,
    '## Test it in one call',
    about.canSign
      ? `${code('npm install --save-dev @postern/testing', 'sh')}\n\nAs \`webhooks.test.ts\`, run by \`node --test\`:\n\n${code(testFileOf(about))}\n\n${SIGNED}`
      : `Only ${plain(title)} has the key that signs: test with a delivery that you kept, and [\`postern explain\`](/packages/cli/).`,
    ...atTheSender(about),
    '## Why was it refused?',
    refused(about),
    '## Known answers',
    `${plain(title)} is tested against ${answers(about)}. Scheme and page were last compared on ${about.checked}.`,
    ...note(about),
  ]
}

function refused({ name }: CatalogueEntry): string {
  return `Keep one refused request and ask: \`npx postern explain request.json --provider ${name} --env .env\`. It tries to undo each common mistake and names the one that makes the signature match.`
}

/** A pattern that takes some of the topics. */
function patternOf([topic = 'order.created']: readonly string[]): string {
  const [, first, separator] = /^([^./:]+)([./:])/.exec(topic) ?? []
  return first === undefined ? '**' : `${first}${separator}*`
}

/** A topic as the name of a member. */
function quoted(topic: string): string {
  return /^[a-z_$][\w$]*$/i.test(topic) ? topic : `'${topic}'`
}

/** The package that has the sender's types, if there is one. */
function typed({ name }: CatalogueEntry): string {
  const file = join(root, 'packages', 'providers', 'src', 'types', `${name}.ts`)
  if (!existsSync(file)) return ''
  const [, from] = /from '([^.'][^']*)'/.exec(readFileSync(file, 'utf8')) ?? []
  return `, or the types of \`@postern/providers/types/${name}\`${
    from === undefined
      ? ''
      : ` with \`npm install --save-dev ${from
          .split('/')
          .slice(0, from.startsWith('@') ? 2 : 1)
          .join('/')}\``
  }: see the notes`
}

function covered({ covers, title }: CatalogueEntry): string {
  if (covers === undefined) return `It depends on the scheme that you choose.`
  const body = {
    bytes: 'the exact bytes of the body, so nothing may parse it first',
    fields: 'fields of the body',
    none: 'not the body: whoever can read a delivery can make others',
  }[covers.body]
  const rest = [
    ...(covers.url ? ['the URL, as the sender knows it'] : []),
    ...(covers.id ? ['the id'] : []),
    ...(covers.topic ? ['the topic'] : []),
    ...(covers.timestamp ? ['the time, so old deliveries are refused'] : []),
  ]
  const open = [
    ...(covers.topic === false
      ? ['the topic: a captured delivery can come again under another one']
      : []),
    ...(covers.timestamp
      ? []
      : ['a time: a captured delivery is refused only as long as its id is known']),
  ]
  return `${title} signs ${[body, ...rest].join(', ')}.${open.length > 0 ? ` Not signed: ${open.join('; ')}.` : ''}`
}

function atTheSender({ name, title }: CatalogueEntry): readonly string[] {
  const apis = [...senders.values()].filter(({ provider }) => provider === name)
  if (apis.length === 0) return []
  return [
    '## Register, and catch up',
    ...apis.flatMap((api) => [
      ...(api.registrar
        ? [
            `\`npx postern register ${api.name}\` registers the URL at ${plain(title)} and keeps its secret ([all options](/packages/registrar/)).`,
          ]
        : []),
      ...(api.events
        ? [`\`npx postern catch-up ${api.name}\` fetches what was missed while you were down.`]
        : []),
      ...(api.redelivery
        ? [`\`npx postern catch-up ${api.name} --redeliver\` asks for it to be delivered again.`]
        : []),
    ]),
  ]
}

/** The doc comment of the factory: what people must know of this sender. */
function note(about: CatalogueEntry): readonly string[] {
  const file = join(root, 'packages', 'providers', 'src', `${slugOf(about)}.ts`)
  if (!existsSync(file)) return []
  const source = readFileSync(file, 'utf8')
  const { factory } = factoryOf(about)
  const at = source.search(new RegExp(`export (?:const|function) ${factory}\\b`))
  const comment = /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*$/.exec(source.slice(0, at))?.[1]
  if (comment === undefined) return []
  const text = comment
    .replace(/^\s*\* ?/gm, '')
    .replace(/@(?:example|throws|deprecated)[^]*$/, '')
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .trim()
  return ['## Notes', plain(text)]
}
