// The exports of jose that core uses.
export { compactVerify } from 'jose'
