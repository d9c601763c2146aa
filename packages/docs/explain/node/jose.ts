// Of jose, what core uses.
export { compactVerify } from 'jose'
