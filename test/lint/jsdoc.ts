// Finds faults in docstrings of public exports: no verb at the start, a number without a unit, or a missing @throws.
import { readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import ts from 'typescript-5.9'
import { entriesOf } from '../release/surface.ts'
import type { Published } from '../release/home.ts'
import { root } from '../run/report.ts'

const UNIT = /\b(?:milliseconds?|seconds?|minutes?|hours?|days?|bytes?|characters?)\b|1970/i

// Names of numbers that are times or lengths. Other numbers are counts, or their name contains the unit.
const MEASURED =
  /(?:At|[Dd]ue|^at|^from|^to|^before|^after|^until|^since|^first|^last|Delivery|^minute|After|^length)$/

// Entries without semver guarantees, for stores and for Postern's own packages.
const UNSTABLE = /\/core\/(?:engine|internal)\b/

const VERB = /^(?:[A-Z][a-z]+(?:s|es)|As|Whether)\b/

type Documented = ts.Declaration & { readonly name?: ts.Node }

const parsed = new Map<string, ts.SourceFile>()

function sourceOf(file: string): ts.SourceFile {
  let source = parsed.get(file)
  if (source === undefined) {
    source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)
    parsed.set(file, source)
  }
  return source
}

/** Returns the faults in the docstrings of a package's public exports, as `file:line name: fault`. */
export function undocumented(one: Published): readonly string[] {
  const seen = new Set<ts.Node>()
  const found: string[] = []
  for (const { name, file } of entriesOf(one)) {
    if (UNSTABLE.test(name)) continue
    for (const node of exported(file))
      if (!seen.has(node)) {
        seen.add(node)
        found.push(...faults(node))
      }
  }
  return found
}

function* exported(file: string): Generator<Documented> {
  for (const node of sourceOf(file).statements) {
    if (ts.isExportDeclaration(node)) {
      const from = target(file, node.moduleSpecifier)
      if (node.exportClause === undefined) {
        if (from !== undefined) yield* exported(from)
        continue
      }
      if (!ts.isNamedExports(node.exportClause)) continue
      for (const { name, propertyName } of node.exportClause.elements) {
        const local = (propertyName ?? name).text
        if (node.moduleSpecifier === undefined) yield* declared(file, local)
        else if (from !== undefined) yield* named(from, local)
      }
    } else if (isExported(node)) yield* declarations(node)
  }
}

function* named(file: string, name: string): Generator<Documented> {
  for (const node of exported(file)) if (nameOf(node) === name) yield node
}

function* declared(file: string, name: string): Generator<Documented> {
  for (const node of sourceOf(file).statements) {
    if (ts.isImportDeclaration(node)) {
      const bindings = node.importClause?.namedBindings
      if (bindings === undefined || !ts.isNamedImports(bindings)) continue
      const local = bindings.elements.find((each) => each.name.text === name)
      const from = target(file, node.moduleSpecifier)
      if (local && from !== undefined) yield* named(from, (local.propertyName ?? local.name).text)
    } else for (const each of declarations(node)) if (nameOf(each) === name) yield each
  }
}

function target(file: string, specifier: ts.Expression | undefined): string | undefined {
  return specifier && ts.isStringLiteral(specifier) && specifier.text.startsWith('.')
    ? resolve(dirname(file), specifier.text)
    : undefined
}

function isExported(node: ts.Statement): boolean {
  return (
    ts.canHaveModifiers(node) &&
    (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
  )
}

function declarations(node: ts.Statement): readonly Documented[] {
  if (ts.isVariableStatement(node)) return [...node.declarationList.declarations]
  return ts.isFunctionDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isTypeAliasDeclaration(node)
    ? [node]
    : []
}

function nameOf(node: Documented): string {
  return node.name?.getText() ?? 'default'
}

function faults(node: Documented): readonly string[] {
  if (ts.isFunctionDeclaration(node)) return ofFunction(node)
  if (ts.isVariableDeclaration(node)) {
    const { initializer } = node
    if (initializer && (ts.isArrowFunction(initializer) || ts.isFunctionExpression(initializer)))
      return ofFunction(node, initializer)
    return docOf(node) === '' ? [at(node, 'has no docstring')] : []
  }
  if (ts.isInterfaceDeclaration(node)) return ofMembers(node.members)
  if (ts.isTypeAliasDeclaration(node) && ts.isTypeLiteralNode(node.type))
    return ofMembers(node.type.members)
  return []
}

/** An overload needs its own docstring, unless another overload has one. */
function ofFunction(node: Documented, fn: ts.FunctionLikeDeclaration = node as never): string[] {
  const doc = docOf(node)
  if (doc === '') return hasDocumentedTwin(node) ? [] : [at(node, 'has no docstring')]
  const found: string[] = []
  if (!VERB.test(doc)) found.push(at(node, `does not start with a verb: ${doc.slice(0, 60)}`))
  if (fn.body && throws(fn.body) && !/\bthrows\b/i.test(doc))
    found.push(at(node, 'throws, and has no @throws'))
  if (fn.type && /^(?:Promise<)?number\b/.test(fn.type.getText()) && !UNIT.test(doc))
    found.push(at(node, 'returns a number without its unit'))
  return found
}

function hasDocumentedTwin(node: Documented): boolean {
  return node
    .getSourceFile()
    .statements.some(
      (each) =>
        each !== (node as ts.Node) &&
        ts.isFunctionDeclaration(each) &&
        nameOf(each) === nameOf(node) &&
        docOf(each) !== '',
    )
}

function ofMembers(members: readonly ts.TypeElement[]): string[] {
  return members.flatMap((member) => {
    if (!ts.isPropertySignature(member)) return []
    const doc = docOf(member)
    const type = member.type?.getText() ?? ''
    return /^number\b|\| number\b/.test(type) &&
      MEASURED.test(nameOf(member as never)) &&
      !UNIT.test(`${doc} ${docOf(member.parent as never)}`)
      ? [at(member, `is a number without its unit: ${doc.slice(0, 60)}`)]
      : []
  })
}

/** Returns whether the function itself throws. Functions inside of it do not count, because they run later. */
function throws(body: ts.Node): boolean {
  let found = false
  const visit = (node: ts.Node): void => {
    if (found || ts.isFunctionLike(node)) return
    if (ts.isThrowStatement(node)) found = true
    else ts.forEachChild(node, visit)
  }
  ts.forEachChild(body, visit)
  return found
}

function fullOf(node: Documented): string {
  const holder = ts.isVariableDeclaration(node) ? node.parent.parent : node
  const ranges = ts.getLeadingCommentRanges(node.getSourceFile().text, holder.getFullStart()) ?? []
  const last = ranges.findLast(({ pos }) =>
    node
      .getSourceFile()
      .text.slice(pos, pos + 3)
      .startsWith('/**'),
  )
  return last === undefined ? '' : node.getSourceFile().text.slice(last.pos, last.end)
}

function docOf(node: Documented | ts.TypeElement): string {
  return fullOf(node as Documented)
    .replace(/^\/\*\*|\*\/$/g, '')
    .replace(/\n\s*\* ?/g, ' ')
    .trim()
}

function at(node: Documented | ts.TypeElement, fault: string): string {
  const file = node.getSourceFile()
  const { line } = file.getLineAndCharacterOfPosition(node.getStart())
  return `${relative(root, file.fileName)}:${line + 1} ${nameOf(node as Documented)} ${fault}`
}
