import type { Answer, Field, Question, SenderRow } from '../judge.ts'
import { createAsking } from './asking.ts'
import { EXAMPLE } from './example.ts'
import { fieldsOf, linesOf } from './fields.ts'
import { element, verdictOf } from './shown.ts'

/** Connects a form of the page to the worker, which loads when the reader first uses the form. */
export function mount(form: HTMLFormElement): void {
  const asking = createAsking()
  const part = <Kind extends HTMLElement>(query: string): Kind => form.querySelector<Kind>(query)!
  const request = part<HTMLTextAreaElement>('[name=request]')
  const sender = part<HTMLSelectElement>('[name=sender]')
  const fields = part('.explain-fields')
  const verdict = part('.explain-verdict')
  const status = part('.explain-status')
  let rows: readonly SenderRow[] = []
  let shown = ''
  // Bytes of a dropped file: a text field would change its line ends.
  let file: Uint8Array | undefined
  let opening: Promise<void> | undefined

  const open = (): Promise<void> =>
    (opening ??= asking.ask({ kind: 'open' }).then((told) => {
      if (told.kind === 'opened') list(told.senders)
      else opening = undefined
      form.dataset['state'] = told.kind
    }))

  function list(all: readonly SenderRow[]): void {
    rows = all.toSorted((a, b) => a.title.localeCompare(b.title, 'en'))
    const chosen = sender.value
    sender.replaceChildren(
      new Option('by its headers', ''),
      ...rows.map(({ name, title }) => new Option(title, name)),
    )
    sender.value = chosen
    ask(rows.find(({ name }) => name === chosen))
  }

  /** Shows the fields of a sender, and keeps the values of fields that stay. */
  function ask(row: SenderRow | undefined): void {
    if (!row || row.name === shown) return
    shown = row.name
    const held = form.querySelector<HTMLTextAreaElement>('[name=field]')?.value ?? ''
    fields.replaceChildren(...row.fields.map((field, at) => input(field, at === 0 ? held : '')))
  }

  function input({ name, says, isSecret }: Field, value: string): HTMLElement {
    const text = document.createElement('textarea')
    Object.assign(text, { name: 'field', rows: 1, spellcheck: false, value, title: says })
    text.autocomplete = 'off'
    text.dataset['option'] = name
    if (isSecret) text.className = 'explain-secret'
    return element(
      'label',
      '',
      element('span', '', name === 'jwks' ? 'Keys of the sender, as JSON (jwks)' : name),
      text,
    )
  }

  function question(): Question {
    const at = Date.parse(part<HTMLInputElement>('[name=at]').value)
    const entry = Number(part<HTMLInputElement>('[name=entry]').value)
    return {
      request: file ?? new TextEncoder().encode(request.value),
      sender: sender.value,
      options: {
        ...fieldsOf([...fields.querySelectorAll('textarea')]),
        ...linesOf(part<HTMLTextAreaElement>('[name=options]').value),
      },
      ...(!Number.isNaN(at) && { at }),
      ...(entry > 0 && { entry }),
    }
  }

  let round = 0
  async function judge(): Promise<void> {
    if (request.value.trim() === '' && !file) {
      status.textContent = 'Give a request first.'
      return
    }
    const mine = ++round
    status.textContent = 'Looking …'
    await open()
    const told = await asking.ask({ kind: 'judge', question: question() })
    // A later question was asked meanwhile.
    if (mine !== round) return
    status.textContent = ''
    if (told.kind === 'answer') show(told.answer)
    else if (told.kind === 'failed') status.textContent = told.message
  }

  function show(answer: Answer): void {
    if ('sender' in answer) {
      sender.value = answer.sender.name
      ask(answer.sender)
    }
    verdict.dataset['kind'] = answer.kind
    verdict.replaceChildren(...nodesOf(answer))
  }

  function nodesOf(answer: Answer): readonly Node[] {
    switch (answer.kind) {
      case 'said':
        return verdictOf(answer)
      case 'unreadable':
        return [element('p', 'explain-head', answer.message)]
      case 'wrong':
        return [
          element(
            'p',
            'explain-head',
            `${answer.message}. Fill in what ${answer.sender.title} needs.`,
          ),
        ]
      case 'elsewhere':
        return [
          element(
            'p',
            'explain-head',
            `${answer.sender.title} signs by a certificate, which must be fetched and checked: the command line does that.`,
          ),
          element('pre', '', answer.command),
        ]
      case 'ask':
        return [
          element(
            'p',
            'explain-head',
            answer.senders.length === 0
              ? 'Nothing in the request names its sender: choose it above.'
              : 'Several senders sign like that. Who sent it?',
          ),
          element('div', 'explain-row', ...answer.senders.map((row) => choice(row))),
        ]
    }
  }

  function choice(row: SenderRow): HTMLElement {
    const button = element('button', '', row.title) as HTMLButtonElement
    button.type = 'button'
    button.addEventListener('click', () => {
      sender.value = row.name
      ask(row)
      void judge()
    })
    return button
  }

  form.addEventListener('focusin', () => void open(), { once: true })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void judge()
  })
  sender.addEventListener('change', () => ask(rows.find(({ name }) => name === sender.value)))
  request.addEventListener('input', () => (file = undefined))
  form.addEventListener('dragover', (event) => event.preventDefault())
  form.addEventListener('drop', (event) => {
    const [dropped] = event.dataTransfer?.files ?? []
    if (!dropped) return
    event.preventDefault()
    void dropped.arrayBuffer().then((bytes) => {
      file = new Uint8Array(bytes)
      request.value = new TextDecoder().decode(file.subarray(0, 20_000))
      return judge()
    })
  })
  part('.explain-example').addEventListener('click', () => {
    file = undefined
    request.value = EXAMPLE.request
    part<HTMLInputElement>('[name=at]').value = EXAMPLE.at
    void open().then(() => {
      sender.value = EXAMPLE.sender
      ask(rows.find(({ name }) => name === EXAMPLE.sender))
      part<HTMLTextAreaElement>('[name=field]').value = EXAMPLE.secret
      return judge()
    })
  })
}
