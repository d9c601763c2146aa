import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../run/report.ts'

/** What a program can judge of CONTRIBUTING's "How we write": a pattern and what to write in its place. */
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
  [
    /\b(?:is|are|was|be|been|not) taken\b|\btakes? (?:the delivery|deliveries|events?|tasks?)\b/i,
    'accept, receive, fetch, claim, allow',
  ],
  [/\bgiv(?:e|es|en|ing) back\b|\bgives? (?:its|the|their) \w+ back\b/i, 'release'],
  [/\bbegin(?:s|ning)?\b|\bbegun\b|\bgo(?:es)? on\b|\bwent on\b/i, 'start, continue'],
  [/\brefus(?:e|es|ed|al|als|ing)\b/i, 'reject'],
  [/\bnever\b/i, 'what the limit is, or "does not"'],
  [/\bso many\b|\banew\b|\bunder way\b|\bthereof\b/i, 'the number, again, running'],
  [
    /\b(?:colour|behaviour|favour|honour|neighbour|licence|defence|centre|artefact|judgement)/i,
    'the American spelling',
  ],
  [/\b(?:labell|cancell|travell|modell|signall)(?:ed|ing)\b|\bgrey\b/i, 'the American spelling'],
  [
    /\b(?:serial|recogn|organ|normal|memo|initial|minim|optim|custom|author|synchron|final)is(?:e|es|ed|ing|ation)\b|\banalyse/i,
    'the American spelling',
  ],
]

/** The longest sentence, in words. The aim is 25. */
const LONGEST = 30

/** Documents that users and contributors read: without what programs write from code, and the runs. */
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

/** What breaks a rule in a document, as `words: what to write`. */
export function faults(file: string): readonly string[] {
  return sentences(readFileSync(join(root, file), 'utf8')).flatMap((sentence) => [
    ...INSTEAD.flatMap(([pattern, instead]) => {
      const [found] = pattern.exec(sentence) ?? []
      return found === undefined ? [] : [`${sentence}\n  "${found}": write ${instead}`]
    }),
    ...(/^(?:Who|What|Where|Whoever) [^?]+$/.test(sentence) && /[.]$/.test(sentence)
      ? [`${sentence}\n  starts with a question word: name the subject`]
      : []),
    ...(sentence.split(' ').length > LONGEST
      ? [`${sentence}\n  has ${sentence.split(' ').length} words: at most ${LONGEST}`]
      : []),
  ])
}

/** The sentences of a document: of its paragraphs, list items and cells, with each span of code as one word. */
export function sentences(markdown: string): readonly string[] {
  return markdown
    .replaceAll(/^( *)```[^]*?^\1```$/gm, '')
    .replaceAll(/<!--[^]*?-->/g, '')
    .replaceAll(/`[^`\n]+(?:\n[^`\n]+)?`/g, 'CODE')
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll('**', '')
    .split(/\n\s*\n|\n(?= *(?:[-*|#>]|\d+\. ))|\|/)
    .flatMap((block) => block.replaceAll(/\s+/g, ' ').split(/(?<=[.!?:]) /))
    .map((sentence) => sentence.replace(/^[-*#>\s\d.]+/, '').trim())
    .filter((sentence) => sentence.includes(' '))
}

if (import.meta.main)
  for (const file of process.argv.length > 2 ? process.argv.slice(2) : documents) {
    const found = faults(file)
    if (found.length > 0) console.log(`\n${file}: ${found.length}\n${found.join('\n')}`)
  }
