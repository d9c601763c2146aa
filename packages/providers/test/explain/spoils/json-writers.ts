/** JSON as a tree that keeps what JSON.parse loses: the digits of each number, and the order of members. */
export type Tree =
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, Tree])[] }
  | { readonly kind: 'array'; readonly items: readonly Tree[] }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'word'; readonly text: string }

/** Parses a JSON text into a tree. */
export function treeOf(json: string): Tree {
  const tokens = json.match(/[{}[\]:,]|"(?:[^"\\]|\\.)*"|[^\s{}[\]:,"]+/gs) ?? []
  let at = 0
  return value()

  function value(): Tree {
    const token = tokens[at++]!
    if (token === '{') {
      const members: [string, Tree][] = []
      while (tokens[at] !== '}') {
        const key = JSON.parse(tokens[at]!) as string
        at += 2
        members.push([key, value()])
        if (tokens[at] === ',') at++
      }
      at++
      return { kind: 'object', members }
    }
    if (token === '[') {
      const items: Tree[] = []
      while (tokens[at] !== ']') {
        items.push(value())
        if (tokens[at] === ',') at++
      }
      at++
      return { kind: 'array', items }
    }
    return token.startsWith('"')
      ? { kind: 'string', text: JSON.parse(token) as string }
      : { kind: 'word', text: token }
  }
}

/** The format in which a library writes JSON, by default or with one of its options. */
export interface Writer {
  readonly name: string
  readonly text: (text: string) => string
  readonly colon?: string
  readonly comma?: string
  /** Whitespace for one level. Without it, all is on one line. */
  readonly indent?: string
  /** True if arrays are on one line with spaces inside, as in Jackson's output. */
  readonly flat?: boolean
  readonly end?: string
  /** Changes the tree as the language's parser would. */
  readonly read?: (tree: Tree) => Tree
}

export function write(tree: Tree, by: Writer): string {
  const comma = by.comma ?? ','
  const colon = by.colon ?? ':'
  return of(tree, '\n') + (by.end ?? '')

  function of(one: Tree, line: string): string {
    if (one.kind === 'string') return by.text(one.text)
    if (one.kind === 'word') return one.text
    const [open, close] = one.kind === 'object' ? '{}' : '[]'
    const parts =
      one.kind === 'object'
        ? one.members.map(([key, inner]) => by.text(key) + colon + of(inner, line + by.indent))
        : one.items.map((inner) => of(inner, by.flat ? line : line + by.indent))
    if (parts.length === 0) return by.flat ? `${open} ${close}` : open! + close!
    if (by.indent === undefined) return open + parts.join(comma) + close
    if (by.flat && one.kind === 'array') return `[ ${parts.join(', ')} ]`
    return open + line + by.indent + parts.join(comma + line + by.indent) + line + close
  }
}

const hex = (code: number): string => `\\u${code.toString(16).padStart(4, '0')}`
const upper = (code: number): string => `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`
const replaced =
  (pattern: RegExp, by: (code: number) => string) =>
  (text: string): string =>
    JSON.stringify(text).replaceAll(pattern, (character) => by(character.charCodeAt(0)))

const js = (text: string): string => JSON.stringify(text)
const ascii = replaced(/[^ -~]/g, hex)
const phpAscii = (text: string): string => replaced(/[^\0-\x7F]/g, hex)(text).replaceAll('/', '\\/')
const phpUnicode = replaced(/[\u2028\u2029]/g, hex)
const phpHex = (text: string): string =>
  replaced(
    /[^\0-\x7F]/g,
    hex,
  )(text)
    .replaceAll('/', '\\/')
    .replaceAll('\\"', '\\u0022')
    .replaceAll(/[<>&']/g, (character) => upper(character.charCodeAt(0)))
const go = replaced(/[<>&\u2028\u2029]/g, hex)
const gson = replaced(/[<>&='\u2028\u2029]/g, hex)
const dotnet = (text: string): string =>
  replaced(
    /[^ -~]/g,
    upper,
  )(text)
    .replaceAll(/\\u00[01][a-f]/g, (escape) => `\\u${escape.slice(2).toUpperCase()}`)
    .replaceAll('\\"', '\\u0022')
    .replaceAll(/[<>&'+`]/g, (character) => upper(character.charCodeAt(0)))
const swift = (text: string): string => js(text).replaceAll('/', '\\/')

/** Writers that senders use. */
export const SENDERS_WRITE: readonly Writer[] = [
  { name: 'JSON.stringify', text: js },
  { name: 'JSON.stringify, 2', text: js, indent: '  ', colon: ': ' },
  { name: 'JSON.stringify, 4', text: js, indent: '    ', colon: ': ' },
  { name: 'JSON.stringify, tab', text: js, indent: '\t', colon: ': ' },
  { name: 'JSON.stringify, newline', text: js, end: '\n' },
  { name: 'json.dumps', text: ascii, comma: ', ', colon: ': ' },
  { name: 'json.dumps, Unicode', text: js, comma: ', ', colon: ': ' },
  { name: 'json.dumps, indent', text: ascii, indent: '    ', colon: ': ' },
  { name: 'json.dumps, separators', text: ascii },
  { name: 'json_encode', text: phpAscii },
  { name: 'JSON_PRETTY_PRINT', text: phpAscii, indent: '    ', colon: ': ' },
  { name: 'JSON_UNESCAPED_SLASHES', text: replaced(/[^\0-\x7F]/g, hex) },
  { name: 'JSON_UNESCAPED_UNICODE', text: (text) => phpUnicode(text).replaceAll('/', '\\/') },
  { name: 'JSON_HEX_TAG', text: phpHex },
  { name: 'json.Marshal', text: go },
  { name: 'json.Encoder', text: go, end: '\n' },
  { name: 'json.MarshalIndent', text: go, indent: '  ', colon: ': ' },
  { name: 'Rails', text: go },
  { name: 'Gson', text: gson },
  { name: 'Gson, pretty', text: gson, indent: '  ', colon: ': ' },
  { name: 'Jackson, pretty', text: js, indent: '  ', colon: ' : ', flat: true },
  { name: 'System.Text.Json', text: dotnet },
  { name: 'System.Text.Json, indented', text: dotnet, indent: '  ', colon: ': ' },
  { name: 'JSONEncoder', text: swift },
]

/** Software between sender and receiver that parses the body and writes it again. */
export const REWRITERS: readonly Writer[] = [
  { name: 'JSON.stringify', text: js, read: values },
  { name: 'JSON.stringify, 2', text: js, indent: '  ', colon: ': ', read: values },
  { name: 'JSON.stringify, 4', text: js, indent: '    ', colon: ': ', read: values },
  { name: 'JSON.stringify, tab', text: js, indent: '\t', colon: ': ', read: values },
  { name: 'json.dumps', text: ascii, comma: ', ', colon: ': ', read: python },
  { name: 'json.dumps, Unicode', text: js, comma: ', ', colon: ': ', read: python },
  { name: 'json.dumps, indent', text: ascii, indent: '  ', colon: ': ', read: python },
  {
    name: 'json.dumps, sort_keys',
    text: ascii,
    comma: ', ',
    colon: ': ',
    read: (tree) => sorted(python(tree)),
  },
  { name: 'json_encode', text: phpAscii, read: phpValues },
  { name: 'JSON_PRETTY_PRINT', text: phpAscii, indent: '    ', colon: ': ', read: phpValues },
  { name: 'json.Marshal of a map', text: go, read: (tree) => sorted(values(tree)) },
  { name: 'json.Marshal of a struct', text: go, read: goStruct },
  {
    name: 'Encoder with SetIndent',
    text: go,
    indent: '\t',
    colon: ': ',
    end: '\n',
    read: goStruct,
  },
  { name: 'JSON.generate', text: js, read: python },
  { name: 'JSON.pretty_generate', text: js, indent: '  ', colon: ': ', read: python },
  { name: 'Rails to_json', text: go, read: python },
]

/**
 * Changes a tree as JSON.parse does: integer-like keys come first, the last of equal keys wins, and numbers are
 * doubles.
 */
function values(tree: Tree): Tree {
  return treeOf(JSON.stringify(JSON.parse(plain(tree))))
}

function plain(tree: Tree): string {
  return write(tree, { name: '', text: js })
}

function python(tree: Tree): Tree {
  return mapped(tree, (text) => {
    if (!/[.eE]/.test(text) || !/\d/.test(text)) return text
    const value = Number(text)
    if (Number.isInteger(value) && Math.abs(value) < 1e16) return `${value}.0`
    return String(value)
  })
}

function phpValues(tree: Tree): Tree {
  const read = mapped(tree, (text) => {
    if (!/\d/.test(text)) return text
    if (!/[.eE]/.test(text) && Math.abs(Number(text)) < 2 ** 63) return text
    return String(Number(text))
  })
  return emptied(read)
}

function goStruct(tree: Tree): Tree {
  return mapped(tree, (text) =>
    /[.eE]/.test(text) && /\d/.test(text) ? String(Number(text)) : text,
  )
}

// Replaces empty objects with empty lists, because PHP has one type for both.
function emptied(tree: Tree): Tree {
  if (tree.kind === 'array') return { ...tree, items: tree.items.map(emptied) }
  if (tree.kind !== 'object') return tree
  if (tree.members.length === 0) return { kind: 'array', items: [] }
  return { ...tree, members: tree.members.map(([key, inner]) => [key, emptied(inner)] as const) }
}

function mapped(tree: Tree, number: (text: string) => string): Tree {
  if (tree.kind === 'array') return { ...tree, items: tree.items.map((one) => mapped(one, number)) }
  if (tree.kind === 'word') return { ...tree, text: number(tree.text) }
  if (tree.kind === 'string') return tree
  const last = new Map(tree.members.map(([key, inner]) => [key, mapped(inner, number)] as const))
  return { kind: 'object', members: [...last] }
}

function sorted(tree: Tree): Tree {
  if (tree.kind === 'array') return { ...tree, items: tree.items.map(sorted) }
  if (tree.kind !== 'object') return tree
  const members = tree.members
    .map(([key, inner]) => [key, sorted(inner)] as const)
    .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return { kind: 'object', members }
}

/** True if both texts have the same members, items, texts and digits in the same order. */
export function isSame(one: string, other: string): boolean {
  return plain(treeOf(one)) === plain(treeOf(other))
}
