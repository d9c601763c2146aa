import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Where an app is made, and where the route belongs in that file. Lines count from 1. */
export interface AppFile {
  readonly file: string
  /** The variable that holds the app. */
  readonly name: string
  /** The line after which the route is mounted. */
  readonly after: number
  /** The text of the next line, if the route must stand before it: a body parser. */
  readonly before: string | undefined
}

const PARSER =
  /\b(?:express\.(?:json|urlencoded|raw|text)|body-?parser(?:\.\w+)?|koa-?body(?:-?parser)?|multer|require\(['"](?:body-parser|koa-body|koa-bodyparser|@koa\/bodyparser|multer)['"]\)(?:\.\w+)?)\s*\(/i

/** Body parsers in files, as `file:line`, the first of each file. */
export function parsersIn(folder: string, files: readonly string[]): readonly string[] {
  return files.flatMap((file) => {
    const at = parserLine(linesOf(folder, file))
    return at < 0 ? [] : [`${file}:${at + 1}`]
  })
}

/** The file that makes the app: the first that makes one in a variable. Undefined if none is found. */
export function appFileIn(
  folder: string,
  files: readonly string[],
  /** A pattern of the expression that makes an app. */
  expression: string,
): AppFile | undefined {
  const made = new RegExp(
    String.raw`^\s*(?:export\s+)?(?:const|let|var)\s+(\w+)(?:\s*:\s*[^=]+)?\s*=\s*${expression}`,
  )
  for (const file of files) {
    const lines = linesOf(folder, file)
    const start = lines.findIndex((line) => made.test(line))
    if (start < 0) continue
    const end = endOf(lines, start)
    const parser = parserLine(lines, end + 1)
    const isBehind = parser > end && lines[parser]!.includes('.use(')
    return {
      file,
      name: made.exec(lines[start]!)![1]!,
      after: isBehind ? parser : end + 1,
      before: isBehind ? lines[parser]!.trim() : undefined,
    }
  }
  return undefined
}

function linesOf(folder: string, file: string): readonly string[] {
  const path = join(folder, file)
  // A link of a cloned project may lead to nothing, or to a device without an end.
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
    ? readFileSync(path, 'utf8').split('\n')
    : []
}

function parserLine(lines: readonly string[], from = 0): number {
  return lines.findIndex(
    (line, at) => at >= from && PARSER.test(line) && !/^\s*(?:\/\/|\*)/.test(line),
  )
}

/** The line in which the brackets that a statement opens are closed again. */
function endOf(lines: readonly string[], start: number): number {
  let open = 0
  for (let at = start; at < lines.length; at++) {
    for (const sign of lines[at]!)
      if ('([{'.includes(sign)) open++
      else if (')]}'.includes(sign)) open--
    if (open <= 0) return at
  }
  return start
}
