// Durations of runs.

/**
 * @param {number} seconds
 * @returns {string} as the server writes it: 5.0s, 0:01:05, 3 days, 6:00:00
 */
export function clockText(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}.0s`;
  const pad = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const days = Math.floor(whole / 86400);
  const time = `${Math.floor(whole / 3600) % 24}:${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}`;
  return days ? `${days} ${days === 1 ? "day" : "days"}, ${time}` : time;
}
