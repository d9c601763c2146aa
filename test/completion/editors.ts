import { spawn } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript-5.9'
import { root } from '../run/report.ts'

/** TypeScript language service, used as an editor uses it. */
export interface Editor {
  /** Returns the completions at the `|` in the text, and the time in milliseconds. */
  complete(marked: string): Promise<{ readonly labels: readonly string[]; readonly took: number }>
  close(): void
}

// A path below `test`, so that imports resolve to the packages installed there. The file is never written.
const FILE = join(root, 'test/completion/asked.ts')

/** TypeScript 5.9, in this process. `errors` returns the messages of a file, each on one line. */
export function editor59(): Editor & { errors(text: string): readonly string[] } {
  let text = ''
  let version = 0
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts'],
    types: ['node'],
    module: ts.ModuleKind.NodeNext,
    strict: true,
    exactOptionalPropertyTypes: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  }
  const service = ts.createLanguageService({
    useCaseSensitiveFileNames: () => true,
    directoryExists: (folder) => ts.sys.directoryExists(folder),
    getDirectories: (folder) => ts.sys.getDirectories(folder),
    realpath: (path) => realpathSync(path),
    getCompilationSettings: () => options,
    getScriptFileNames: () => [FILE],
    getScriptVersion: (file) => (file === FILE ? String(version) : '0'),
    getScriptSnapshot(file) {
      const content = file === FILE ? text : ts.sys.readFile(file)
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content)
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (file) => file === FILE || ts.sys.fileExists(file),
    readFile: (file) => (file === FILE ? text : ts.sys.readFile(file)),
  })

  function write(given: string): void {
    if (text !== given) version++
    text = given
  }

  return {
    complete(marked) {
      write(marked.replace('|', ''))
      const began = performance.now()
      const found = service.getCompletionsAtPosition(FILE, marked.indexOf('|'), {})
      const took = performance.now() - began
      return Promise.resolve({ labels: (found?.entries ?? []).map(({ name }) => name), took })
    },
    errors(given) {
      write(given)
      return service
        .getSemanticDiagnostics(FILE)
        .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
    },
    close: () => service.dispose(),
  }
}

/** TypeScript 7, by its language server. https://microsoft.github.io/language-server-protocol/ */
export async function editor7(): Promise<Editor> {
  const server = spawn(join(root, 'node_modules/.bin/tsc'), ['--lsp', '--stdio'], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const waiting = new Map<number, (message: Message) => void>()
  let buffered: Buffer = Buffer.alloc(0)
  server.stdout.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk])
    for (;;) {
      const head = buffered.indexOf('\r\n\r\n')
      if (head < 0) return
      const length = Number(/Content-Length: (\d+)/i.exec(buffered.toString('latin1', 0, head))![1])
      const end = head + 4 + length
      if (buffered.length < end) return
      heard(JSON.parse(buffered.toString('utf8', head + 4, end)) as Message)
      buffered = buffered.subarray(end)
    }
  })

  function heard(message: Message): void {
    if (message.id === undefined) return
    if (message.method === undefined) waiting.get(message.id)?.(message)
    // The server asks for the editor's settings, which are empty.
    else send({ id: message.id, result: message.params?.items?.map(() => null) ?? null })
  }

  function send(message: object): void {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message })
    server.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
  }

  let last = 0
  function ask(method: string, params: object): Promise<Message> {
    const id = ++last
    const answered = new Promise<Message>((resolve) => waiting.set(id, resolve))
    send({ id, method, params })
    return answered
  }

  await ask('initialize', {
    processId: process.pid,
    rootUri: String(pathToFileURL(root)),
    capabilities: {},
  })
  send({ method: 'initialized', params: {} })
  const uri = String(pathToFileURL(FILE))
  let version = 0
  let written = ''

  function write(text: string): void {
    if (text === written) return
    written = text
    const textDocument = { uri, version: ++version }
    if (version === 1)
      send({
        method: 'textDocument/didOpen',
        params: { textDocument: { ...textDocument, languageId: 'typescript', text } },
      })
    else
      send({
        method: 'textDocument/didChange',
        params: { textDocument, contentChanges: [{ text }] },
      })
  }

  return {
    async complete(marked) {
      write(marked.replace('|', ''))
      const before = marked.slice(0, marked.indexOf('|')).split('\n')
      const began = performance.now()
      const { result } = await ask('textDocument/completion', {
        textDocument: { uri },
        position: { line: before.length - 1, character: before.at(-1)!.length },
      })
      const took = performance.now() - began
      return { labels: (result?.items ?? []).map(({ label }) => label), took }
    },
    close: () => void server.kill(),
  }
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: { readonly items?: readonly unknown[] }
  readonly result?: { readonly items?: readonly { readonly label: string }[] } | null
}
