import { globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import type { Page } from './page.ts'

const root = join(import.meta.dirname, '..', '..', '..')

/** Documents of the repository as pages: those by hand, the guides, the packages' READMEs and options, and the results of the runs. */
export function documents(): readonly Page[] {
  const all = sources()
  const slugs = new Map([
    ...all.map(({ file, slug }) => [file, slug] as const),
    ['packages/providers/PROVIDERS.md', 'providers'] as const,
  ])
  return all.flatMap(({ file, slug, group }) => {
    const source = readFileSync(join(root, file), 'utf8')
    const title = /^# (.+)$/m.exec(source)?.[1]?.replaceAll('`', '') ?? slug
    const named = group === 'proof' ? `${title} (${slug.split('/')[1]})` : title
    const body = linked(source.replace(/^# .+\n+/m, ''), file, slugs)
    const first = body.split(/\n\s*\n/).find((part) => /^[A-Z`@]/.test(part)) ?? named
    const page: Page = {
      slug,
      title: named,
      description: sentence(first),
      text: body,
      matter: `${MATTER[group] ?? ''}${isWide(body) ? 'tableOfContents: false\n' : ''}`,
      ...(slug === 'explain' && { mdx: withForm(body) }),
    }
    return body.length > LONG ? split(page) : [page]
  })
}

/** Returns true if a table is too wide for a page that also has a list of contents. */
function isWide(text: string): boolean {
  return /^\|(?: *:?-+:? *\|){5}/m.test(text)
}

// Results of runs are outside of the search: readers find them on the page of all runs.
const MATTER: Readonly<Partial<Record<Source['group'], string>>> = { proof: 'pagefind: false\n' }

/** The explain page, with its form below the first paragraph. */
function withForm(body: string): string {
  const [first = '', ...rest] = body.split('\n\n')
  return [
    "import Explain from '../../components/explain.astro'",
    first,
    '<Explain />',
    ...rest,
  ].join('\n\n')
}

// Longest page, in characters. Longer documents are split into one page per section.
const LONG = 48_000

/** A page for each part of a long document, and one that lists them. */
function split(page: Page): readonly Page[] {
  const [head = '', ...parts] = page.text.split(/^## /m)
  const sections = parts.map((part) => {
    const [title = '', ...lines] = part.split('\n')
    const name = title
      .toLowerCase()
      .replaceAll(/[^a-z\d]+/g, '-')
      .replaceAll(/^-|-$/g, '')
    return {
      title: title.replaceAll('`', ''),
      slug: `${page.slug}/${name}`,
      text: lines.join('\n').trim(),
    }
  })
  const list = sections.map(({ title, slug }) => `- [${title}](/${slug}/)`).join('\n')
  return [
    { ...page, text: `${head.trim()}\n\n${list}` },
    ...sections.map(({ title, slug, text }) => ({
      ...page,
      slug,
      title: `${page.title}: ${title}`,
      description: `${title}, a part of ${page.title}.`,
      text,
    })),
  ]
}

/** The results of the runs, as pages of the site. */
export function proofs(): readonly { readonly slug: string; readonly file: string }[] {
  return sources().filter(({ group }) => group === 'proof')
}

interface Source {
  readonly file: string
  readonly slug: string
  readonly group: 'pages' | 'packages' | 'options' | 'guides' | 'proof' | 'about'
}

function sources(): readonly Source[] {
  const found = (
    pattern: string,
    group: Source['group'],
    slugOf: (file: string) => string,
  ): readonly Source[] =>
    globSync(pattern, { cwd: root })
      .map((file) => file.replaceAll('\\', '/'))
      .filter((file) => !/node_modules|^packages\/docs\/README/.test(file))
      .toSorted()
      .map((file) => ({ file, slug: slugOf(file), group }))
  const folder = (file: string): string => file.split('/')[1]!
  return [
    ...found('packages/docs/pages/**/*.md', 'pages', (file) =>
      file.replace('packages/docs/pages/', '').replace(/\.md$/, ''),
    ),
    ...found('packages/core/guides/*.md', 'guides', (file) =>
      slugOfGuide(posix.basename(file, '.md')),
    ),
    ...found('packages/*/README.md', 'packages', (file) => `packages/${folder(file)}`),
    ...found('packages/*/OPTIONS.md', 'options', (file) => `reference/options/${folder(file)}`),
    ...found('{test/**,packages/docs/check}/RESULTS.md', 'proof', (file) => {
      const [, name] = /^(?:test|packages)\/(.+)\/RESULTS\.md$/.exec(file)!
      return `proof/${name!.replaceAll('/', '-')}`
    }),
    ...['SECURITY', 'DECISIONS', 'ARCHITECTURE'].map((name): Source => ({
      file: `${name}.md`,
      slug: name.toLowerCase(),
      group: 'about',
    })),
  ]
}

// Guides are how-tos, except these.
const PLACES: Readonly<Record<string, string>> = { logs: 'reference', versions: 'explanation' }

function slugOfGuide(name: string): string {
  return `${PLACES[name] ?? 'how-to'}/${name}`
}

/** Links between documents become links between pages; a file without a page is named by its path. */
function linked(text: string, file: string, slugs: ReadonlyMap<string, string>): string {
  return text
    .replace(
      /(!?)\[([^\]]*)\]\(([^)\s]+)\)/g,
      (whole, image: string, words: string, to: string) => {
        if (/^(?:https?:|mailto:|\/)/.test(to)) return whole
        if (image === '!') return ''
        const [path = '', anchor] = to.split('#')
        if (path === '') return whole
        const target = posix.normalize(posix.join(posix.dirname(file), path))
        const slug = slugs.get(target) ?? slugs.get(posix.join(target, 'README.md'))
        if (slug !== undefined)
          return `[${words}](/${slug}/${anchor === undefined ? '' : `#${anchor}`})`
        if (target === 'README.md') return `[${words}](/)`
        return /`/.test(words) ? words : `${words} (\`${target}\`)`
      },
    )
    .replace(/<!--[^]*?-->/g, '')
}

function sentence(text: string): string {
  const flat = text
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[`*]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return /^.{20,220}?[.:](?= |$)/.exec(flat)?.[0] ?? flat.slice(0, 200)
}
