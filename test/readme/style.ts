import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAst } from 'rolldown/parseAst'
import { root } from '../run/report.ts'

/**
 * British spelling. Most words are found by their ending, the others by their stem, because American words share the
 * ending.
 */
const BRITISH = new RegExp(
  `\\b(?:${[
    '\\w+isations?',
    '(?:anal|paral|catal)ys(?:e[ds]?|ing)',
    '(?:serial|recogn|organ|normal|memo|initial|minim|maxim|optim|custom|author|synchron|final|central|categor|character|standard|summar|util|visual|priorit|parameter|token|sanit|general|special|random|local|anonym|emphas|equal|formal|regular|virtual)is(?:e[dsr]?|ing)',
    '(?:label|cancel|travel|model|signal|fuel|level|marshal|channel|tunnel|total|dial|unravel)l(?:ed|ing|er)',
    '(?:arm|behavi|col|endeav|fav|flav|harb|hon|hum|lab|neighb|rum|sav|vap|vig)our\\w*',
    '(?:cent|fib|lit|theat)res?|(?:def|off|lic|pret)ences?|(?:judg|acknowledg)ements?|catalogues?',
    'grey|ageing|artefacts?|enquir(?:y|ies|ed?)|sceptic\\w*|practis(?:e[ds]?|ing)|fulfils?|skilful|whilst|amongst|learnt|spelt|spoilt|programmes?|cheques?|towards|afterwards|backwards',
  ].join('|')})\\b`,
  'i',
)

/** Patterns for the rules of CONTRIBUTING's "How we write", each with its replacement. */
const INSTEAD: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [
    /\b(?:is|are|was|be|been) told\b|\bhears?\b|\btells (?:so|of)\b/i,
    'is logged, is called with, gets',
  ],
  [
    /\bstands? (?!for\b)|\bstood\b|\blies\b|\blie (?:in|at|on|below|beside)\b/i,
    'is, is listed, is stored',
  ],
  [/\bmend(?:s|ed|ing)?\b|\bslips?\b/i, 'fix, typo'],
  [/(?<!there )\b(?:is|are|was) no (?!longer\b|more\b)/i, 'is not an'],
  [/\balone\b/i, 'only, before the noun'],
  [/\bbeside\b/i, 'next to, in addition to, compared with'],
  [/\bby (?:HTTPS?|RPC)\b/, 'over'],
  [/\b(?:is|are|was|be|been|not) taken\b/i, 'accept, receive, fetch, claim, allow'],
  [/\bgiv(?:e|es|en|ing) back\b|\bgives? (?:its|the|their) \w+ back\b/i, 'release'],
  [/\bbegin(?:s|ning)?\b|\bbegun\b|\bgo(?:es)? on\b|\bwent on\b/i, 'start, continue'],
  [/\brefus(?:e|es|ed|al|als|ing)\b/i, 'reject'],
  [/\bnever\b/i, 'what the limit is, or "does not"'],
  [/\bso many\b|\banew\b|\bunder way\b|\bthereof\b/i, 'the number, again, running'],
  // "Takes" is allowed for durations.
  [
    /(?<!\bmay )\btak(?:es?|en)\b(?= \w)(?! (?:[\d.]|(?:as )?long|more (?:turns|than)|turns?\b|(?:nine|ten) \w+|the blame|over\b|place\b|up\b))/i,
    'accept, receive, fetch, claim, allow, use',
  ],
  [/\b(?:tasks|runs|deliveries|events) an? (?:second|minute|hour|day)\b/i, 'per'],
  [BRITISH, 'the American spelling'],
]

/** Maximum length of a sentence, in words. The aim is 25. */
const LONGEST = 30

/** Documents for users and contributors. Generated pages and results are left out. */
export const documents: readonly string[] = globSync(
  [
    '{README,ARCHITECTURE,CONTRIBUTING,DECISIONS,SECURITY}.md',
    'packages/*/README.md',
    'packages/core/guides/*.md',
    'packages/docs/pages/**/*.md',
  ],
  { cwd: root },
)
  .map((file) => file.replaceAll('\\', '/'))
  .toSorted()

/**
 * Sources with strings that users see: messages, warnings, logs, help, page texts, and titles of the contract suites.
 */
export const sources: readonly string[] = globSync('packages/*/{src,page}/**/*.{ts,tsx}', {
  cwd: root,
  // Left out: the built page, SQL and Lua statements, and lists of topics in the providers' words.
  exclude: [
    '**/assets.ts',
    '**/{sql,lua}/**',
    'packages/registrar/src/topics/**',
    '**/generated/**',
  ],
})
  .map((file) => file.replaceAll('\\', '/'))
  .toSorted()

/** Texts of other programs. */
const OTHERS = /^the connection was refused$/

/** Returns the rule violations in a document or in the strings of a source, as `words: what to write`. */
export function faults(file: string): readonly string[] {
  const content = readFileSync(join(root, file), 'utf8')
  if (!file.endsWith('.md')) return texts(content, file).flatMap(sentences).flatMap(broken)
  return [
    ...sentences(content).flatMap(broken),
    ...(CONTRIBUTORS.test(file) ? [] : unproven(content)),
  ]
}

/** Documents for contributors. They make no claims to users. */
const CONTRIBUTORS = /^(?:ARCHITECTURE|CONTRIBUTING|DECISIONS)\.md$/

/** Words that claim something without exception. "Every five seconds" is allowed. */
const CLAIM =
  /\b(?:every(?! (?:\d+|second|minute|hour|day|two|five|ten|other)\b)|everything|everybody|nothing|nobody|always|proofs?)\b/i

/** Matches a link to a test or to RESULTS.md, or a path under test/ in a code span. */
const TEST = /\]\([^)]*(?:\btest\b|RESULTS\.md)[^)]*\)|`[^`]*\btest\/[^`]+`/

/**
 * Returns the claims without a linked test. The link may be in the same block. For a list item, it may be in the first
 * block of the section.
 */
export function unproven(markdown: string): readonly string[] {
  return withoutCode(markdown)
    .split(/^#+ .*$/m)
    .flatMap((section) => {
      const blocks = blocksOf(section)
      const isTested = TEST.test(blocks.find((block) => block.trim() !== '') ?? '')
      return blocks
        .filter((block) => !TEST.test(block) && !(isTested && /^ *(?:[-*|]|\d+\.) /.test(block)))
        .flatMap(sentences)
        .filter((sentence) => CLAIM.test(sentence))
        .map(
          (sentence) =>
            `${sentence}\n  "${CLAIM.exec(sentence)![0]}": link the test that checks it, or write what the limit is`,
        )
    })
}

/** Returns the rule violations in a sentence. */
export function broken(sentence: string): readonly string[] {
  const words = sentence.split(' ').length
  return [
    ...INSTEAD.flatMap(([pattern, instead]) => {
      const [found] = pattern.exec(sentence) ?? []
      return found === undefined ? [] : [`${sentence}\n  "${found}": write ${instead}`]
    }),
    ...(/^(?:Who|What|Where|Whoever) [^?]+[.]$/.test(sentence)
      ? [`${sentence}\n  starts with a question word: name the subject`]
      : []),
    ...(words > LONGEST ? [`${sentence}\n  has ${words} words: at most ${LONGEST}`] : []),
  ]
}

/** Returns the sentences of a document's paragraphs, list items and table cells. Each code span counts as one word. */
export function sentences(markdown: string): readonly string[] {
  const words = withoutCode(markdown)
    .replaceAll(/`[^`\n]+(?:\n[^`\n]+)?`/g, 'CODE')
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll('**', '')
  return blocksOf(words)
    .flatMap((block) => block.split('|'))
    .flatMap((block) => block.replaceAll(/\s+/g, ' ').split(/(?<=[.!?:]) /))
    .map((sentence) => sentence.replace(/^[-*#>\s\d.]+/, '').trim())
    .filter((sentence) => sentence.includes(' '))
}

function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^( *)```[^]*?^\1```$/gm, '').replaceAll(/<!--[^]*?-->/g, '')
}

/** Returns the paragraphs, list items and table rows. */
function blocksOf(markdown: string): readonly string[] {
  return markdown.split(/\n\s*\n|\n(?= *(?:[-*|#>]|\d+\. ))/)
}

/** Code of another language inside a string: statements, scripts, queries, markup, and generated modules. */
const FOREIGN =
  /\b(?:const|let|local|import|export|async|function) [\w{*]+|^(?:SELECT|INSERT|UPDATE|WITH|CREATE)\b|json_to_recordset|\$\.postern_|^(?:query|mutation) |redis\.p?call|\bAS \w+, |<\w+[^>]*>.*<|compgen|compdef/

/** Returns the strings of a source that are sentences. Each expression in them counts as one word. */
export function texts(source: string, file: string): readonly string[] {
  const found: string[] = []
  const textOf = (node: any): string | undefined => {
    if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined
    if (node.type === 'JSXText') return node.value
    if (node.type === 'TemplateLiteral')
      return node.quasis.map(({ value }: any) => value.cooked).join('`code`')
    if (node.type !== 'BinaryExpression' || node.operator !== '+') return undefined
    const [left, right] = [textOf(node.left), textOf(node.right)]
    return left === undefined && right === undefined
      ? undefined
      : `${left ?? '`code`'}${right ?? '`code`'}`
  }
  const walk = (node: any, inside: boolean): void => {
    if (node === null || typeof node !== 'object' || node.type === 'TSLiteralType') return
    const text = inside ? undefined : textOf(node)
    if (text !== undefined) found.push(text)
    for (const each of Object.values(node))
      walk(each, node.type === 'BinaryExpression' && (inside || text !== undefined))
  }
  walk(parseAst(source, { lang: file.endsWith('x') ? 'tsx' : 'ts' }, file).body, false)
  return found
    .filter(
      (text) => /[a-z]{2,} [a-z]{2,}/i.test(text) && !FOREIGN.test(text) && !OTHERS.test(text),
    )
    .map((text) => text.replaceAll(/\b[A-Z]{3,}\b/g, 'NAME'))
}

if (import.meta.main)
  for (const file of process.argv.length > 2 ? process.argv.slice(2) : [...documents, ...sources]) {
    const found = faults(file)
    if (found.length > 0) console.log(`\n${file}: ${found.length}\n${found.join('\n')}`)
  }
