import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseMultipart } from '../../src/body/multipart.ts'
import { rejectionOf } from './rejection.ts'

const limits = { fields: 100 }

/** Returns a multipart body. */
function bodyOf(...parts: [headers: string, content: string][]): Buffer {
  const text = parts
    .map(([headers, content]) => `--XX\r\n${headers}\r\n\r\n${content}\r\n`)
    .join('')
  return Buffer.from(`${text}--XX--\r\n`)
}
const field = (name: string): string => `Content-Disposition: form-data; name="${name}"`

test('reads what the platform writes', async () => {
  const form = new FormData()
  form.append('subject', 'Grüße')
  form.append('to', 'a@example.com')
  form.append('to', 'b@example.com')
  form.append('empty', '')
  form.append(
    'attachment1',
    new File([Uint8Array.of(0, 1, 13, 10, 255)], 'naïve.bin', { type: 'application/x-thing' }),
  )
  form.append('attachment2', new File([], 'empty.txt'))
  const request = new Response(form)
  const body = new Uint8Array(await request.arrayBuffer())
  const parsed = await parseMultipart(body, limits)
  expect(parsed.fields).toEqual({
    subject: 'Grüße',
    to: ['a@example.com', 'b@example.com'],
    empty: '',
  })
  expect(
    parsed.files.map(({ name, filename, contentType, data }) => [
      name,
      filename,
      contentType,
      [...data],
    ]),
  ).toEqual([
    ['attachment1', 'naïve.bin', 'application/x-thing', [0, 1, 13, 10, 255]],
    ['attachment2', 'empty.txt', 'application/octet-stream', []],
  ])
})

test('gives back any bytes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }),
      async (contents) => {
        const form = new FormData()
        for (const content of contents) form.append('f', new File([Uint8Array.from(content)], 'f'))
        const request = new Response(form)
        const { files } = await parseMultipart(new Uint8Array(await request.arrayBuffer()), limits)
        expect(files.map(({ data }) => [...data])).toEqual(contents.map((content) => [...content]))
      },
    ),
  )
})

test('a part may have its own charset', async () => {
  const head = Buffer.from(
    `--XX\r\n${field('a')}\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n`,
  )
  const body = Buffer.concat([head, Buffer.of(0xe9), Buffer.from('\r\n--XX--')])
  expect((await parseMultipart(body, limits)).fields).toEqual({ a: 'é' })
  const unknown = bodyOf([`${field('a')}\r\nContent-Type: text/plain; charset=klingon`, 'x'])
  expect(await rejectionOf(() => parseMultipart(unknown, limits))).toBe('unsupported_encoding')
})

test('a file name loses its directory; names are harmless', async () => {
  const file = (name: string): [string, string] => [`${field('f')}; filename${name}`, 'x']
  const parts = [
    file('="C:\\dir\\a.txt"'),
    file('="../../etc/passwd"'),
    file('="say \\"hi\\".txt"'),
    file("*=UTF-8''na%C3%AFve.txt"),
  ]
  const { files, fields } = await parseMultipart(
    bodyOf(...parts, [field('__proto__'), 'x']),
    limits,
  )
  expect(files.map(({ filename }) => filename)).toEqual([
    'a.txt',
    'passwd',
    'say "hi".txt',
    'naïve.txt',
  ])
  expect(Object.keys(fields)).toEqual([])
})

test('a content that looks like a boundary at its begin is whole', async () => {
  const content = `a\r\n--X\r\n--\r\n-${'\r\n--X'.repeat(3)}b`
  expect((await parseMultipart(bodyOf([field('a'), content]), limits)).fields).toEqual({
    a: content,
  })
})

test.each<[string, string, string | undefined]>([
  ['a language', "filename*=UTF-8'en'a.txt", 'a.txt'],
  ['another charset', "filename*=latin1''b.txt", undefined],
  ['a longer charset', "filename*=xUTF-8''b.txt", undefined],
  ['broken escapes', "filename*=UTF-8''%E4", undefined],
  ['another parameter', "title*=UTF-8''b.txt", undefined],
])('a name with %s', async (_, parameter, filename) => {
  const named = bodyOf([`${field('f')}; ${parameter}; filename="plain.txt"`, 'x'])
  const { files } = await parseMultipart(named, limits)
  expect(files).toMatchObject([{ filename: filename ?? 'plain.txt', contentType: 'text/plain' }])
  const alone = await parseMultipart(bodyOf([`${field('f')}; ${parameter}`, 'x']), limits)
  expect(alone.files.map((file) => file.filename)).toEqual(filename === undefined ? [] : [filename])
})

test.each<[string, string | undefined]>([
  ['form-data ; name="a"', undefined],
  ['FORM-DATA; name="a"', undefined],
  ['form-datax; name="a"', 'malformed_body'],
  ['xform-data; name="a"', 'malformed_body'],
  ['attachment; form-data; name="a"', 'malformed_body'],
])('a part whose disposition is %s', async (disposition, code) => {
  const body = bodyOf([`Content-Disposition: ${disposition}`, 'x'])
  expect(await rejectionOf(() => parseMultipart(body, limits))).toBe(code)
})

test('a label cannot have a part read that lies inside the text of another', async () => {
  const inner = `--YY\r\n${field('admin')}\r\n\r\nyes\r\n--YY--`
  expect((await parseMultipart(bodyOf([field('mail'), inner]), limits)).fields).toEqual({
    mail: inner,
  })
})

test('a body of no parts is empty', async () => {
  for (const body of ['--XX--', '--XX--\n', '--XX--\r\n'])
    expect(await parseMultipart(Buffer.from(body), limits)).toEqual({ fields: {}, files: [] })
})

test('the number of parts is bounded', async () => {
  const parts = (count: number): Buffer =>
    bodyOf(...Array.from({ length: count }, (): [string, string] => [field('a'), 'x']))
  expect(await rejectionOf(() => parseMultipart(parts(5), { fields: 5 }))).toBeUndefined()
  for (const count of [6, 7, 100_000]) {
    await expect(parseMultipart(parts(count), { fields: 5 })).rejects.toThrow(
      expect.objectContaining({
        code: 'malformed_body',
        problem: 'too_many_fields',
        got: 'multipart body',
        option: 'limits.fields',
        limit: 5,
      }),
    )
  }
})

test('a body cut off anywhere is malformed, and no error goes unheard', async () => {
  const whole = bodyOf(
    [field('a'), 'one'],
    [`${field('f')}; filename="f"`, 'two'],
    [field('b'), ''],
  )
  const end = whole.length - '\r\n'.length
  for (let length = 0; length < end; length++) {
    expect(
      await rejectionOf(() => parseMultipart(whole.subarray(0, length), limits)),
      `cut at ${length}`,
    ).toBe('malformed_body')
  }
  expect(await rejectionOf(() => parseMultipart(whole.subarray(0, end), limits))).toBeUndefined()
})

test.each([
  [
    'a preamble before its boundary',
    Buffer.concat([Buffer.from('x\r\n'), bodyOf([field('a'), 'x'])]),
  ],
  ['no boundary', Buffer.from(`--\r\n${field('a')}\r\n\r\nx\r\n----\r\n`)],
  [
    'an overlong boundary',
    Buffer.from(`--${'X'.repeat(71)}\r\n${field('a')}\r\n\r\nx\r\n--${'X'.repeat(71)}--\r\n`),
  ],
  ['a part without a name', bodyOf(['Content-Disposition: form-data', 'x'])],
  ['a part that is no form data', bodyOf(['Content-Disposition: attachment; name="a"', 'x'])],
  ['a part without a disposition', bodyOf(['Content-Type: text/plain', 'x'])],
  ['JSON', Buffer.from('{"a":1}')],
  ['a last boundary that something follows', Buffer.from('--XX--\r\nx')],
])('%s is malformed', async (_, body) => {
  expect(await rejectionOf(() => parseMultipart(body, limits))).toBe('malformed_body')
})

test('no input makes any other error, or none at all', async () => {
  const piece = fc.constantFrom(
    '--XX',
    '--XX--',
    '--',
    '\r\n',
    '\r',
    '\n',
    '\r\n\r\n',
    `\r\n--XX\r\n${field('a')}\r\n\r\n`,
    field('b'),
    ': ',
    'Content-Type',
    ';',
    '"',
    'x',
    '\0',
  )
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
      const code = await rejectionOf(() => parseMultipart(Buffer.from(pieces.join('')), limits))
      expect([undefined, 'malformed_body']).toContain(code)
    }),
    { numRuns: 1000 },
  )
})

test('without the parser installed, the error names the package', () => {
  expect(rejectionWhere(() => {})).toMatch(
    /^unsupported_media_type 415 .*npm install @fastify\/busboy/,
  )
})

test('where the parser is installed and does not load, the error gives the reason', () => {
  const printed = rejectionWhere((place) => {
    const folder = join(place, 'node_modules', '@fastify', 'busboy')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'index.js'), `throw new Error('no streams here')`)
  })
  expect(printed).toMatch(
    /^unsupported_media_type 415 .*@fastify\/busboy cannot be loaded here: Error: no streams here/,
  )
})

/**
 * Returns the rejection of a multipart body by a copy of the sources. The copy is in a new folder, and finds only
 * packages that `prepare` puts there.
 */
function rejectionWhere(prepare: (place: string) => void): string {
  const place = mkdtempSync(join(tmpdir(), 'postern-multipart-'))
  try {
    cpSync(fileURLToPath(new URL('../../src', import.meta.url)), place, { recursive: true })
    prepare(place)
    const script = `
      const { parseMultipart } = await import(${JSON.stringify(join(place, 'body/multipart.ts'))})
      await parseMultipart(Buffer.from('--XX\\r\\n'), { fields: 1 })
        .catch((error) => console.log(error.code, error.status, error.message))`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      cwd: place,
    })
    return stdout
  } finally {
    rmSync(place, { recursive: true })
  }
}
