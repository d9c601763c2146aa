import { handle } from '../handler.ts'

// The shape workerd asks of a module worker is a default export.
export default { fetch: handle }
