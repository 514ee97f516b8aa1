/** Whether an address or host name is this machine's own, which nobody else can reach. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?|::ffff:127(\.\d{1,3}){3})$/i.test(host);
}

/** Whether an address is of a network that is nobody else's: where a proxy or a container's gateway has its own. */
export function isPrivate(address: string): boolean {
  const plain = address.replace(/^::ffff:/i, '');
  return (
    isLoopback(address) ||
    /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.)/.test(plain) ||
    /^(f[cd][0-9a-f]{2}|fe[89ab][0-9a-f]):/i.test(plain)
  );
}
