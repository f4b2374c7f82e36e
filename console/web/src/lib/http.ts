// Reading from the API.

/** ApiError is an answer other than success; detail is meant for people. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    detail: string,
  ) {
    super(detail);
  }
}

/** get reads a JSON document from the API. */
export function get<T>(path: string, params: Record<string, string | number> = {}): Promise<T> {
  const query = new URLSearchParams(Object.entries(params).map(([k, v]) => [k, String(v)]));
  return ask(`${path}${query.size ? `?${query}` : ''}`, {});
}

/** post asks a question that is too long for an address. */
export function post<T>(path: string, body: unknown): Promise<T> {
  return ask(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
}

async function ask<T>(path: string, how: RequestInit): Promise<T> {
  const answer = await fetch(`/api/v1/${path}`, how);
  if (!answer.ok) {
    let detail = answer.statusText;
    try {
      detail = ((await answer.json()) as { detail?: string }).detail ?? detail;
    } catch {
      // not a problem document: the status text has to do
    }
    throw new ApiError(answer.status, detail);
  }
  return (await answer.json()) as T;
}

/** bytes decodes base64. */
export function bytes(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out;
}
