// The doors of the playground.

export class Lost extends Error {}

export async function ask(door, values, body) {
  const get = values === undefined || body === null;
  const query = new URLSearchParams(get || body ? values : {});
  let answer;
  try {
    answer = await fetch(`${door}?${query}`, get ? {} : { method: "POST", body: body ?? JSON.stringify(values) });
  } catch {
    throw new Lost();
  }
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
  return said;
}

export const read = (door, values = {}) => ask(door, values, null);
export const fileAt = (id) => `file?${new URLSearchParams({ id })}`;

export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null && child !== ""));
  return made;
}
