import type { CatalogueEntry } from '../../providers/src/index.ts'
import { senders } from '../../registrar/src/catalogue.ts'
import type { Page } from './page.ts'
import { slugOf } from './provider.ts'
import { lasting, plain, table } from './text.ts'

/** The list of all providers, with a search and filters. */
export function providersIndex(abouts: readonly CatalogueEntry[]): Page {
  const apis = new Set([...senders.values()].map(({ provider }) => provider))
  const rows = abouts.map((about) => ({
    about,
    link: `[${plain(about.title)}](/providers/${slugOf(about)}/)`,
    kind: kindOf(about.scheme),
    time: typeof about.tolerance === 'number' ? 'yes' : '',
    again:
      typeof about.delivers.retries === 'number' && about.delivers.retries > 0
        ? lasting(about.delivers.retries)
        : '',
    challenge: about.handshakes.length > 0 ? 'yes' : '',
    registers: apis.has(about.name) ? 'yes' : '',
  }))
  const list = table(
    ['provider', 'scheme', 'signed time', 'delivers again for', 'challenge', 'registers'],
    rows.map(({ link, kind, time, again, challenge, registers }) => [
      link,
      kind,
      time,
      again,
      challenge,
      registers,
    ]),
  )
  const kinds = [...new Set(rows.map(({ kind }) => kind))].toSorted()
  return {
    slug: 'providers',
    title: 'Providers',
    description: `${abouts.length} provider presets: how each one signs, retries and is set up.`,
    text: list,
    mdx: `${FILTER(kinds)}\n\n${list}\n\n${SCRIPT}`,
    matter: 'tableOfContents: false\n',
  }
}

function kindOf(scheme: string): string {
  const kinds = [
    'Standard Webhooks',
    'Svix',
    'JWT',
    'Ed25519',
    'ECDSA',
    'RSA',
    'RFC 9421',
    'HMAC-SHA512',
    'HMAC-SHA256',
    'HMAC-SHA1',
    'basic',
    'token',
  ]
  return kinds.find((kind) => scheme.toLowerCase().includes(kind.toLowerCase())) ?? 'other'
}

const FILTER = (
  kinds: readonly string[],
): string => `<form class="providers-filter" role="search" id="filter">
<label>Name <input type="search" name="name" /></label>
<label>Scheme <select name="scheme"><option value="">any</option>${kinds.map((kind) => `<option>${kind}</option>`).join('')}</select></label>
${['time', 'delivers again', 'challenge', 'registers'].map((what) => `<label>${what} <select name="${what}"><option value="">any</option><option value="yes">yes</option><option value="no">no</option></select></label>`).join('\n')}
<output name="count" aria-live="polite"></output>
</form>`

const SCRIPT = "import Filter from '../../components/filter.astro'\n\n<Filter />"
