/** Unreleased change, as its file in `.changeset/` describes it. */
export interface Change {
  readonly packages: readonly string[]
  /** The most significant kind in the file. */
  readonly kind: 'major' | 'minor' | 'patch'
  readonly text: string
}

const KINDS = { major: 'Breaking', minor: 'New', patch: 'Mended' } as const

/** Reads a changeset file. Throws an error if the file names no packages or has no text. */
export function readChangeset(file: string): Change {
  const [, head = '', body = ''] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(file) ?? []
  const named = [...head.matchAll(/^["']?([^"':]+)["']?: *(major|minor|patch)$/gm)]
  const text = body.trim().replace(/\n+/g, ' ')
  if (named.length === 0 || text === '')
    throw new Error(`a changeset must name packages and say what changes, got:\n${file}`)
  const kinds = named.map(([, , kind]) => kind)
  return {
    packages: named.map(([, name]) => name!),
    kind: (Object.keys(KINDS) as Change['kind'][]).find((kind) => kinds.includes(kind))!,
    text,
  }
}

/**
 * Returns the changelog with a new section for the version. Breaking changes come first. Each change is listed once,
 * with its packages.
 */
export function changelog(
  before: string,
  version: string,
  day: string,
  changes: readonly Change[],
): string {
  const groups = Object.entries(KINDS).flatMap(([kind, title]) => {
    const of = changes.filter((change) => change.kind === kind)
    if (of.length === 0) return []
    const lines = of.map(({ packages, text }) => `- ${text} (${packages.map(short).join(', ')})`)
    return [`### ${title}\n\n${lines.join('\n')}\n`]
  })
  const section = `## ${version} (${day})\n\n${groups.join('\n')}`
  const at = before.indexOf('\n## ')
  return at < 0
    ? `${before.trimEnd()}\n\n${section}`
    : `${before.slice(0, at)}\n${section}${before.slice(at)}`
}

function short(name: string): string {
  return name.replace('@postern/', '')
}
