// Writes the pages of the site from what the code says: `node generate/main.ts`.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { catalogue } from '../../providers/src/catalogue.ts'
import { agentFiles } from './agents.ts'
import { card } from './card.ts'
import { documents } from './documents.ts'
import { errorPages } from './errors.ts'
import { frontPage, proofPage } from './front.ts'
import { lostPage } from './lost.ts'
import { clear, serve, write, type Page } from './page.ts'
import { providerPage, questionOf, slugOf } from './provider.ts'
import { providersIndex } from './providers-index.ts'

const abouts = [...catalogue.values()].toSorted((a, b) => a.title.localeCompare(b.title, 'en'))
// Providers are on the index, not in the sidebar: there are too many.
const pages: readonly Page[] = [
  await frontPage(abouts.length),
  providersIndex(abouts),
  ...abouts.map(providerPage),
  ...errorPages(),
  ...documents(),
  proofPage(),
]

clear()
write([...pages, lostPage])
serve(
  'arch.svg',
  readFileSync(join(import.meta.dirname, '..', 'src', 'assets', 'arch.svg'), 'utf8'),
)
for (const film of ['film.png', 'film.gif'])
  serve(film, readFileSync(join(import.meta.dirname, '..', '..', 'inspector', 'pictures', film)))
const cards = [
  [
    'postern',
    'Receive webhooks',
    'you can rely on',
    'Verified, stored, retried, explained. In your own Node.js app.',
  ],
  ...abouts.map((about) => [slugOf(about), about.title, questionOf(about), about.scheme] as const),
] as const
for (const [name, ...words] of cards) serve(`og/${name}.png`, await card(...words))
for (const [path, text] of agentFiles(pages, abouts)) serve(path, text)
console.log(`${pages.length} pages`)
