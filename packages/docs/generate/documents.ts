import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import type { Page } from './page.ts'

const root = join(import.meta.dirname, '..', '..', '..')

/** Documents of the repository as pages: the packages' READMEs, the guides and the results of the runs. */
export function documents(): readonly Page[] {
  const all = sources()
  const slugs = new Map(all.map(({ file, slug }) => [file, slug]))
  return all.flatMap(({ file, slug, group }) => {
    const source = readFileSync(join(root, file), 'utf8')
    const title = /^# (.+)$/m.exec(source)?.[1]?.replaceAll('`', '') ?? slug
    const named = group === 'proof' ? `${title} (${dirname(file).split('/').at(-1)})` : title
    const body = source.replace(/^# .+\n+/m, '')
    const first = body.split(/\n\s*\n/).find((part) => /^[A-Z`@]/.test(part)) ?? named
    const page = {
      slug,
      title: named,
      description: sentence(first),
      text: linked(body, file, slugs),
    }
    return body.length > LONG ? split(page) : [page]
  })
}

// Bytes: a page of more is slow to load, and nobody reads it from the top.
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
  readonly group: 'packages' | 'guides' | 'proof' | 'about'
}

function sources(): readonly Source[] {
  const packages = readdirSync(join(root, 'packages')).flatMap((name): Source[] => {
    const file = `packages/${name}/README.md`
    return name !== 'docs' && existsSync(join(root, file))
      ? [{ file, slug: `packages/${name}`, group: 'packages' }]
      : []
  })
  const guides = globSync('packages/*/guides/*.md', { cwd: root })
    .toSorted()
    .map((file): Source => ({
      file,
      slug: slugOfGuide(posix.basename(file, '.md')),
      group: 'guides',
    }))
  const proof = globSync('{test/*,packages/docs/check}/RESULTS.md', { cwd: root })
    .toSorted()
    .map((file): Source => ({ file, slug: `proof/${file.split('/')[1]}`, group: 'proof' }))
  const about = [
    { file: 'SECURITY.md', slug: 'security', group: 'about' },
    { file: 'DECISIONS.md', slug: 'decisions', group: 'about' },
    { file: 'ARCHITECTURE.md', slug: 'architecture', group: 'about' },
  ] as const
  return [...packages, ...guides, ...proof, ...about]
}

// A part for each package would fill the list of guides.
function slugOfGuide(name: string): string {
  return name.startsWith('options') ? name : `guides/${name}`
}

/** Links between documents become links between pages; what has no page is named by its path. */
function linked(text: string, file: string, slugs: ReadonlyMap<string, string>): string {
  return text
    .replace(
      /(!?)\[([^\]]*)\]\(([^)\s]+)\)/g,
      (whole, image: string, words: string, to: string) => {
        if (/^(?:https?:|mailto:)/.test(to)) return whole
        if (image === '!') return ''
        const [path = '', anchor] = to.split('#')
        if (path === '') return whole
        const target = posix.normalize(posix.join(posix.dirname(file), path))
        const slug = slugs.get(target) ?? slugs.get(posix.join(target, 'README.md'))
        if (slug !== undefined)
          return `[${words}](/${slug}/${anchor === undefined ? '' : `#${anchor}`})`
        if (target === 'README.md')
          return `[${words}](/${anchor === 'providers' ? 'providers/' : ''})`
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
