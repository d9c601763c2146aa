const FORMS = {
  register: [/^[\w.-]{1,100}$/, '1 to 100 letters, digits, dots, hyphens or underscores'],
  // It becomes a header, and a part of the signed message that ends at a dot.
  emit: [
    /^[!-\-/-~]{1,255}$/,
    '1 to 255 printable ASCII characters without spaces and without dots',
  ],
} as const

/** The id of a destination that is registered, or of a message that is emitted. Throws a `TypeError` for one of another form. */
export function checkId(call: 'register' | 'emit', id: string): string {
  const [form, said] = FORMS[call]
  if (typeof id !== 'string' || !form.test(id))
    throw new TypeError(`${call}: id must be ${said}, got ${JSON.stringify(id)}`)
  return id
}
