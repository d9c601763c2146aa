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
import { laptopPart } from './laptop.ts'
import { pictured, type Page } from './page.ts'
import { hasNoId, testFileOf } from './test-file.ts'
import { code, explainForm, lasting, plain, table } from './text.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const official = JSON.parse(
  readFileSync(join(root, 'test/official/newest/results.json'), 'utf8'),
) as Run

const SETUP =
  'Save it as `app.ts` in a folder after `npm init -y && npm pkg set type=module`, and run it with `node app.ts` (Node.js 22.18 or later). It replies 200 when the event is stored, and 401 to a forged delivery. Then the handler runs, at least once: pass `task.idempotencyKey` to what must not happen twice. Events are stored in `webhooks.db` (add `webhooks.db*` to .gitignore), or in the database of `DATABASE_URL` for apps with `postgresInbox`. Before production, read [the checklist](/how-to/checklist/).'

const SIGNED =
  '`deliver` returns `{ status, reply, rejection, events, tasks }`. To test the receiver of your app, export it and its provider from a file of their own. To test a running app, pass `deliver` its URL: `deliver(url, signed(provider, topic, {}, { url }))` waits only for the reply. `signed` makes a new sample at each call: to send one again, `clone()` it. Its third argument is merged into the payload, and its fourth has `id`, `at`, `url`, `headers` and `secret`.'

// Hosts on the page itself. The others are loaded when a reader chooses one.
const FIRST = 5

/** The parts of each page, in the order in which a reader needs them: code first, tables with gaps last. */
export const PARTS: readonly string[] = [
  'Where to click',
  'From your laptop',
  'Test it in one call',
  'Why was it rejected?',
  'Options',
  'Topics and types',
  'What is signed, and what follows',
  'Challenges',
  'Facts',
  'What your reply does',
  'Test vectors',
]

/** The page of a provider, written from its catalog entry. */
export function providerPage(about: CatalogueEntry): Page {
  const { title } = about
  const apps = hostNames.map((host) => [host, code(appOf(about, host))] as const)
  const shared = sections(about)
  return {
    slug: `providers/${slugOf(about)}`,
    title: `Receive ${title} webhooks in Node.js`,
    description: `Verify, store and handle ${title} webhooks: ${about.scheme}. A whole app for each framework, a test in one call, and why a signature does not match.`,
    text: [
      ...apps.map(([host, app]) => `### ${host}\n\n${install(about, host)}\n\n${app}`),
      SETUP,
      ...shared,
    ].join('\n\n'),
    mdx: [
      `import { Tabs, TabItem } from '@astrojs/starlight/components'\nimport Explain from '../../../components/explain.astro'\nimport MoreHosts from '../../../components/more-hosts.astro'`,
      '<Tabs syncKey="host">',
      ...apps
        .slice(0, FIRST)
        .map(
          ([host, app]) =>
            `<TabItem label="${host}">\n\n${install(about, host)}\n\n${app}\n\n</TabItem>`,
        ),
      '</Tabs>',
      `<MoreHosts slug="providers/${slugOf(about)}" hosts={${JSON.stringify(hostNames.slice(FIRST))}} />`,
      SETUP,
      ...shared.map((part) =>
        part === rejected(about) ? `${part}\n\n${explainForm(about.name, title)}` : part,
      ),
    ].join('\n\n'),
    matter: pictured(slugOf(about), `${title}: ${questionOf(about)}`),
  }

  function install(one: CatalogueEntry, host: (typeof hostNames)[number]): string {
    const packages = [...appOf(one, host).matchAll(/from '((?:@[^/']+\/)?[^/']+)/g)]
      .map(([, from]) => from!)
      .filter((from) => !from.startsWith('node:'))
    return code(`npm install ${[...new Set(packages)].join(' ')}`, 'sh')
  }
}

/** What people ask of a provider when a delivery is rejected. */
export function questionOf({ covers }: CatalogueEntry): string {
  return covers?.body === 'none'
    ? 'Why was the delivery rejected?'
    : 'Why does the signature not match?'
}

/** The app that the command line prints, with types if the provider has some. */
export function appOf(about: CatalogueEntry, host: (typeof hostNames)[number]): string {
  const { factory } = factoryOf(about)
  const types = `${factory[0]!.toUpperCase()}${factory.slice(1)}Events`
  const app = snippetOf(about, host)
  return existsSync(typesOf(about))
    ? app
        .replace(`: ${factory}(`, `: ${factory}<${types}>(`)
        .replace(
          /^import \{ \w+ \} from '@postern\/providers\/[\w-]+'\n/m,
          `$&import type { ${types} } from '@postern/providers/types/${about.name}'\n`,
        )
    : app
}

function typesOf({ name }: CatalogueEntry): string {
  return join(root, 'packages', 'providers', 'src', 'types', `${name}.ts`)
}

/** What its official library said about the same deliveries, when it was last asked. */
function officialOf(name: string): readonly string[] {
  const { date, rows } = official
  return rows
    .filter(({ sender }) => sender === name)
    .map(
      (row) =>
        `\`${row.package} ${row.version}\`, asked on ${date}: ${row.cases} deliveries, ${row.differences.length === 0 ? 'no difference' : `${row.differences.length} judged otherwise, each for a reason`}`,
    )
}

/** The last segment of its address. */
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
      ['the signature is in', lies],
      [
        'a signed time may be off by',
        tolerance === 'none'
          ? about.covers?.timestamp
            ? 'not stated: see the notes'
            : 'no time is signed'
          : said(tolerance, (seconds) => lasting(seconds * 1000)),
      ],
      ['reply within', said(delivers.within, lasting)],
      ['largest body', said(delivers.largest, (bytes) => `${bytes.toLocaleString('en')} bytes`)],
      [
        'delivers again',
        said(delivers.retries, (ms) => (ms === 0 ? 'never' : `for ${lasting(ms)}`)),
      ],
      ['checked', `${about.checked}, ${plain(delivers.source)}`],
      ...officialOf(about.name).map((row) => ['its own library', row]),
    ].toSorted(([, one], [, other]) => Number(isGap(one!)) - Number(isGap(other!))),
  )
}

function sections(about: CatalogueEntry): readonly string[] {
  const { title, topics, handshakes, delivers } = about
  const [variable] = variablesOf(about)
  const { factory } = factoryOf(about)
  const slug = slugOf(about)
  return [
    '## Where to click',
    table(
      ['step', 'where'],
      setupRows(about).map(([what, where]) => [what, plain(where)]),
    ),
    about.secretOption === undefined
      ? `${title} has no secret to set: the key is public, or is fetched from ${plain(title)}.`
      : `The apps above read the secret from the variable \`${variable}\`, and pass it as \`${about.secretOption}\`.`,
    '## From your laptop',
    laptopPart(about, slug),
    '## Test it in one call',
    about.canSign
      ? `${code('npm install --save-dev @postern/testing', 'sh')}\n\nSave it as \`webhooks.test.ts\` and run \`node --test\`:\n\n${code(testFileOf(about))}\n\n${SIGNED}`
      : `Only ${plain(title)} has the key that signs. Test with a delivery that you kept, and [\`postern explain\`](/explain/).`,
    '## Why was it rejected?',
    rejected(about),
    '## Options',
    table(
      ['option', 'meaning'],
      Object.entries(about.options).map(([name, means]) => [`\`${name}\``, plain(means)]),
    ),
    `For types and defaults, see \`packages/providers/OPTIONS.md\`, or let your editor complete them.`,
    ...atTheSender(about),
    '## Topics and types',
    topics.map((topic) => `\`${topic}\``).join(', '),
    `Subscribe to one of them, to a pattern such as \`${patternOf(topics)}\`, or to all with \`receiver.onAny(handler)\`. \`event.payload\` is the parsed body that ${plain(title)} sent. To type it, use \`${factory}<{ ${quoted(topics[0] ?? 'order.created')}: YourType }>({ … })\`, a [schema](/how-to/handlers/#validate-the-payload)${typed(about)}.`,
    `To send a reply with content, use \`receiver.answer('${topics[0] ?? 'topic'}', (event) => ({ … }))\`.`,
    '## What is signed, and what follows',
    plain(covered(about)),
    ...(hasNoId(about)
      ? [
          `The sample of ${plain(title)} has no event id, so a delivery that comes twice is handled twice. With \`dedupe: 'digest'\` in \`createReceiver\`, equal bodies count as one event.`,
        ]
      : []),
    '## Challenges',
    handshakes.length === 0
      ? `${plain(title)} sends no challenge.`
      : `The receiver answers them: ${plain(handshakes.join(', '))}.`,
    ...note(about),
    '## Facts',
    facts(about),
    '## What your reply does',
    table(
      ['your reply', `what ${plain(title)} does`],
      [
        [`${plain(delivers.ok)}`, 'counts the delivery as done'],
        ['a redirect', REDIRECTS[delivers.redirect] ?? 'follows it'],
        ['4xx', plain(delivers.after4xx)],
        ['5xx, or no reply', again(delivers.retries)],
        ['always a failure', `gives up: ${plain(delivers.givesUp)}`],
      ].toSorted(([, one], [, other]) => Number(isGap(one!)) - Number(isGap(other!))),
    ),
    `Source: ${plain(delivers.source)}, read ${about.checked}. What it does not state is \`unknown\`.`,
    '## Test vectors',
    `${plain(title)} is tested against ${answers(about)}. Scheme and page were last compared on ${about.checked}.`,
  ]
}

const REDIRECTS: Readonly<Record<string, string>> = {
  unknown: 'unknown',
  failure: 'counts it as a failure',
}

function again(retries: number | string): string {
  if (typeof retries !== 'number') return 'unknown'
  return retries === 0 ? 'does not deliver again' : `delivers again, for ${lasting(retries)}`
}

/** True for a cell without a fact. */
function isGap(cell: string): boolean {
  return /\bunknown$/.test(cell)
}

function rejected({ name }: CatalogueEntry): string {
  return `Keep one rejected request and ask: \`npx postern explain request.json --provider ${name} --env .env\`. It undoes common mistakes and names the one that makes the signature match.`
}

/** A pattern that matches some of the topics. */
function patternOf([topic = 'order.created']: readonly string[]): string {
  const [, first, separator] = /^([^./:]+)([./:])/.exec(topic) ?? []
  return first === undefined ? '**' : `${first}${separator}*`
}

/** A topic as the name of a member. */
function quoted(topic: string): string {
  return /^[a-z_$][\w$]*$/i.test(topic) ? topic : `'${topic}'`
}

/** The package that has the sender's types, if there is one. */
function typed(about: CatalogueEntry): string {
  const { name } = about
  const file = typesOf(about)
  if (!existsSync(file)) return ''
  const [, from] = /from '([^.'][^']*)'/.exec(readFileSync(file, 'utf8')) ?? []
  return `, or the types of \`@postern/providers/types/${name}\`${
    from === undefined
      ? ''
      : ` with \`npm install --save-dev ${from
          .split('/')
          .slice(0, from.startsWith('@') ? 2 : 1)
          .join('/')}\``
  }. See [Type events and payloads](/how-to/types/)`
}

function covered({ covers, title }: CatalogueEntry): string {
  if (covers === undefined) return `It depends on the scheme that you choose.`
  const body = {
    bytes: 'the exact bytes of the body, so nothing may parse it first',
    fields: 'fields of the body',
    none: 'not the body: anyone who can read a delivery can forge others',
  }[covers.body]
  const rest = [
    ...(covers.url ? ['the URL that it called'] : []),
    ...(covers.id ? ['the id'] : []),
    ...(covers.topic ? ['the topic'] : []),
    ...(covers.timestamp ? ['the time, so old deliveries are rejected'] : []),
  ]
  const open = [
    ...(covers.topic === false
      ? ['the topic: a captured delivery can be sent again with another one']
      : []),
    ...(covers.timestamp
      ? []
      : ['a time: a captured delivery is rejected only while its id is known']),
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
            `\`npx postern register ${api.name}\` registers the URL at ${plain(title)} and stores its secret ([all options](/packages/registrar/)).`,
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

/** The doc comment of the factory, as notes. */
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
